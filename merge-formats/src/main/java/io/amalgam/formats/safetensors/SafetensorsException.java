package io.amalgam.formats.safetensors;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;

/**
 * A file violates a rule of the format. The message names the file, and tensor and byte offset if
 * known.
 */
public final class SafetensorsException extends BadInputException {
    private static final long serialVersionUID = 1L;

    private final Rule rule;

    /** A file that breaks a rule of the format. */
    public SafetensorsException(Rule rule, Problem problem) {
        super(problem);
        this.rule = rule;
    }

    /** The rule that is broken. */
    public Rule rule() {
        return rule;
    }

    /**
     * Everything that can be wrong with a safetensors file. Checked roughly in this order; the
     * first breach is reported.
     */
    public enum Rule {
        /** The file has not even the 8 bytes of the header length. */
        FILE_TOO_SHORT,
        /** The header is declared longer than 100,000,000 bytes. */
        HEADER_TOO_LONG,
        /** The header is declared longer than the file. */
        HEADER_BEYOND_FILE,
        /** The header does not begin, after white space perhaps, with an opening brace. */
        HEADER_START,
        /** The header is not valid UTF-8. */
        NOT_UTF8,
        /**
         * The header is not one JSON value, of whole characters, followed by nothing but white
         * space.
         */
        NOT_JSON,
        /**
         * A value is of another JSON type than the format gives it: a list for an object, a string
         * for a number.
         */
        WRONG_TYPE,
        /** Two tensors have the same name. */
        DUPLICATE_TENSOR,
        /** The metadata, or a key within the metadata or a tensor's entry, appears twice. */
        DUPLICATE_FIELD,
        /** A metadata value is not a string. */
        METADATA_NOT_STRING,
        /** A tensor's entry lacks its dtype, shape or offsets. */
        MISSING_FIELD,
        /** An element type that is not of {@link io.amalgam.tensor.DType}. */
        UNKNOWN_DTYPE,
        /** A dimension or offset is negative or not written as a whole number. */
        NOT_A_COUNT,
        /** A dimension or offset does not fit 63 bits. */
        NUMBER_TOO_LARGE,
        /** A shape has more than {@value HeaderParser#MAX_RANK} dimensions. */
        TOO_MANY_DIMENSIONS,
        /** The offsets are not a pair. */
        OFFSETS_NOT_A_PAIR,
        /** The number of elements, or of their bits, does not fit 63 bits. */
        SIZE_OVERFLOW,
        /** A tensor of 4- or 6-bit elements ends within a byte. */
        PARTIAL_BYTE,
        /** A tensor ends before it begins. */
        OFFSETS_REVERSED,
        /** The bytes between a tensor's offsets are not those its shape and type take. */
        SIZE_MISMATCH,
        /** A tensor ends beyond the file. */
        OUT_OF_BOUNDS,
        /** A tensor begins before the previous one ends. */
        OVERLAP,
        /** Bytes between two tensors, or before the first, belong to none. */
        GAP,
        /** Bytes after the last tensor belong to none. */
        TRAILING_BYTES
    }
}
