package io.amalgam.internal.formats.gguf;

import static io.amalgam.internal.formats.files.FileText.quote;

import io.amalgam.error.Problem;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.channels.ReadableByteChannel;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The header of a GGUF file: what is in it and where.
 *
 * @param tensors by name, in the order of the file
 */
record GgufHeader(int version, GgufMetadata metadata, Map<String, Entry> tensors) {
    private static final int MAGIC = 0x46554747;
    private static final int LAST_VERSION = 3;
    private static final int MOST_DIMENSIONS = 4;

    /** The largest models have some thousands, and some dozen keys. */
    private static final int MOST_TENSORS = 1 << 17;

    private static final int MOST_KEYS = 1 << 16;
    private static final String ALIGNMENT = "general.alignment";

    /** Bytes of the shortest description of a tensor. */
    private static final int SHORTEST_ENTRY = 8 + 4 + 4 + 8;

    GgufHeader {
        tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
    }

    /**
     * A tensor as the file describes it.
     *
     * @param offset in the file
     */
    record Entry(String name, GgmlType type, Shape shape, long offset, long length) {}

    /**
     * Reads a header and nothing behind it.
     *
     * @param file for messages
     * @param size of the whole file
     * @param vocabulary whether long arrays of keys are kept
     * @throws io.amalgam.error.BadInputException if it breaks a rule of the format
     */
    static GgufHeader read(String file, ReadableByteChannel channel, long size, boolean vocabulary)
            throws IOException {
        HeaderBytes bytes = new HeaderBytes(file, channel, size);
        int version = version(bytes);
        int tensors = bytes.count("number of tensors", SHORTEST_ENTRY, MOST_TENSORS);
        int keys = bytes.count("number of keys", MetadataReader.SHORTEST, MOST_KEYS);
        GgufMetadata metadata = new MetadataReader(bytes, vocabulary).read(keys);
        long alignment = alignment(metadata, bytes);
        Map<String, Entry> entries = new LinkedHashMap<>();
        for (int i = 0; i < tensors; i++) {
            long at = bytes.position();
            Entry entry = entry(bytes, i, at);
            if (entries.putIfAbsent(entry.name(), entry) != null) {
                throw bytes.bad(
                        Problem.expected(
                                "tensor " + quote(entry.name()),
                                "one of this name",
                                "a second one"),
                        at);
            }
        }
        return new GgufHeader(
                version, metadata, ReadDataLayout.placed(entries.values(), alignment, bytes));
    }

    private static int version(HeaderBytes bytes) throws IOException {
        int magic = bytes.u32("the beginning");
        if (magic != MAGIC) {
            throw bytes.bad(
                    Problem.expected(
                                    "beginning of the file",
                                    "the letters 'GGUF'",
                                    "other bytes: %08x".formatted(Integer.reverseBytes(magic)))
                            .hint("it is no GGUF file"),
                    0);
        }
        int version = bytes.u32("the version");
        if ((version & 0xFFFF) == 0 && version != 0) {
            throw bytes.bad(
                    Problem.expected(
                                    "order of bytes",
                                    "little-endian",
                                    "big-endian, for other machines")
                            .hint("get the model for ordinary machines, or convert it again"),
                    Integer.BYTES);
        }
        if (version < 2 || version > LAST_VERSION) {
            throw bytes.bad(
                    Problem.expected("version of GGUF", "2 or 3", Integer.toUnsignedString(version))
                            .hint(
                                    version == 1
                                            ? "convert the model again with a llama.cpp of today"
                                            : "the file is damaged, or made by a newer llama.cpp"),
                    Integer.BYTES);
        }
        return version;
    }

    private static long alignment(GgufMetadata metadata, HeaderBytes bytes) {
        GgufValue value = metadata.values().get(ALIGNMENT);
        if (value == null) {
            return Alignment.DEFAULT;
        }
        if (value instanceof GgufValue.Whole whole && whole.type() == GgufValueType.U32) {
            long alignment = whole.value();
            if (Long.bitCount(alignment) == 1) {
                return alignment;
            }
            throw bytes.bad(
                    Problem.expected("key '" + ALIGNMENT + "'", "a power of two", alignment),
                    bytes.position());
        }
        throw bytes.bad(
                Problem.expected("key '" + ALIGNMENT + "'", "a number of type u32", value.type()),
                bytes.position());
    }

    /** A tensor, with its offset as the file gives it: from the beginning of the data. */
    private static Entry entry(HeaderBytes bytes, int number, long start) throws IOException {
        String name = bytes.text("name of tensor " + number);
        String what = "tensor " + quote(name);
        int rank = bytes.u32("dimensions of " + what);
        if (rank < 0 || rank > MOST_DIMENSIONS) {
            throw bytes.bad(
                    Problem.expected(
                            "dimensions of " + what,
                            "at most " + MOST_DIMENSIONS,
                            Integer.toUnsignedString(rank)),
                    start);
        }
        // The file lists them from the fastest on.
        long[] dims = new long[rank];
        for (int i = rank - 1; i >= 0; i--) {
            dims[i] = bytes.u64("dimensions of " + what);
        }
        int id = bytes.u32("type of " + what);
        GgmlType type =
                GgmlType.of(id)
                        .orElseThrow(
                                () ->
                                        bytes.bad(
                                                Problem.expected(
                                                                "type of " + what,
                                                                "a type of GGUF",
                                                                GgmlType.unknown(id))
                                                        .hint(
                                                                "convert the model again with a llama.cpp of today"),
                                                start));
        return ReadDataLayout.sized(name, type, dims, bytes.u64("offset of " + what), bytes, start);
    }
}
