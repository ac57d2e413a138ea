package io.amalgam.formats.safetensors;

import io.amalgam.formats.safetensors.SafetensorsException.Rule;
import io.amalgam.internal.formats.files.FileText;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * What a safetensors file says about itself, checked against every {@link Rule}: an instance
 * describes a file whose tensors lie one after another, without gap or overlap, from the end of the
 * header to the end of the file. Immutable.
 *
 * @param tensors in the order of their data
 * @param metadata free-form text; may be empty
 * @param dataStart byte offset of the tensor data in the file
 */
public record SafetensorsHeader(
        Map<String, Entry> tensors, Map<String, String> metadata, long dataStart) {
    /** Maximum length of a header in bytes. */
    public static final int MAX_LENGTH = 100_000_000;

    /** Size of the header length at the start of a file: a little-endian 64-bit integer. */
    public static final int PREFIX = 8;

    public SafetensorsHeader {
        tensors = Collections.unmodifiableMap(new LinkedHashMap<>(tensors));
        metadata = Collections.unmodifiableMap(new LinkedHashMap<>(metadata));
    }

    /**
     * A tensor and its bytes {@code begin} (included) to {@code end} (excluded), counted from
     * {@link SafetensorsHeader#dataStart()}.
     */
    public record Entry(TensorInfo info, long begin, long end) {}

    /**
     * Reads and checks the header at the start of {@code channel}, and nothing beyond it.
     *
     * @param file for messages
     * @param fileLength of the whole file, in bytes
     * @throws SafetensorsException if a rule is violated
     * @throws IOException if reading fails
     */
    public static SafetensorsHeader read(String file, ReadableByteChannel channel, long fileLength)
            throws IOException {
        HeaderViolations breach = new HeaderViolations(file);
        if (fileLength < PREFIX) {
            throw breach.of(
                    Rule.FILE_TOO_SHORT, "file", "at least " + PREFIX + " bytes", fileLength);
        }
        long length =
                ByteBuffer.wrap(read(file, channel, PREFIX))
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .getLong();
        if (length < 0 || length > MAX_LENGTH) {
            throw breach.at(
                    0,
                    Rule.HEADER_TOO_LONG,
                    "header length",
                    "at most " + MAX_LENGTH + " bytes",
                    Long.toUnsignedString(length));
        }
        if (length > fileLength - PREFIX) {
            throw breach.at(
                    0,
                    Rule.HEADER_BEYOND_FILE,
                    "header length",
                    "at most the " + (fileLength - PREFIX) + " bytes that follow",
                    length);
        }
        return parse(file, fileLength, read(file, channel, (int) length));
    }

    /**
     * Checks a header already read.
     *
     * @param header the bytes between the header length and the tensor data
     * @throws SafetensorsException if a rule is violated
     */
    public static SafetensorsHeader parse(String file, long fileLength, byte[] header) {
        HeaderViolations breach = new HeaderViolations(file);
        int start = start(header);
        if (start == header.length || header[start] != '{') {
            throw breach.at(
                    PREFIX + start,
                    Rule.HEADER_START,
                    "header",
                    "'{' at its start",
                    start == header.length
                            ? "nothing"
                            : String.format("byte 0x%02x", header[start]));
        }
        requireText(breach, header);
        HeaderParser.Parsed parsed = HeaderParser.parse(breach, header);
        long dataStart = PREFIX + (long) header.length;
        return new SafetensorsHeader(
                place(breach, parsed.tensors(), dataStart, fileLength),
                parsed.metadata(),
                dataStart);
    }

    /** The first byte that is not white space. */
    private static int start(byte[] header) {
        int i = 0;
        while (i < header.length && " \t\n\r".indexOf(header[i]) >= 0) {
            i++;
        }
        return i;
    }

    /** Sizes and offsets: what the file claims must be what it holds, to the byte. */
    private static Map<String, Entry> place(
            HeaderViolations breach,
            Map<String, HeaderParser.RawTensor> raw,
            long dataStart,
            long fileLength) {
        List<Entry> entries = new ArrayList<>();
        raw.forEach(
                (name, tensor) -> entries.add(entry(breach, name, tensor, fileLength - dataStart)));
        entries.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        Map<String, Entry> placed = new LinkedHashMap<>();
        long next = 0;
        for (Entry entry : entries) {
            if (entry.begin() != next) {
                String name = entry.info().name();
                throw breach.at(
                        Objects.requireNonNull(raw.get(name)).at(),
                        entry.begin() < next ? Rule.OVERLAP : Rule.GAP,
                        "tensor " + FileText.quote(name) + ", data_offsets",
                        "a start at " + next + ", where the previous tensor ends",
                        entry.begin());
            }
            next = entry.end();
            placed.put(entry.info().name(), entry);
        }
        long beyond = fileLength - dataStart - next;
        if (beyond != 0) {
            throw breach.at(
                    dataStart + next,
                    Rule.TRAILING_BYTES,
                    "file",
                    "its end after the last tensor",
                    beyond == 1 ? "1 byte more" : beyond + " bytes more");
        }
        return placed;
    }

    private static Entry entry(
            HeaderViolations breach, String name, HeaderParser.RawTensor raw, long dataLength) {
        String what = "tensor " + FileText.quote(name);
        DType dtype = raw.dtype();
        long bits = 1;
        try {
            // In order, as other readers do it: too large before a dimension of 0 is too large all
            // the same.
            for (long dim : raw.shape()) {
                bits = Math.multiplyExact(bits, dim);
            }
            bits =
                    Math.multiplyExact(
                            bits, (long) Byte.SIZE * dtype.blockBytes() / dtype.blockElements());
        } catch (ArithmeticException e) {
            throw breach.at(
                    raw.at(), Rule.SIZE_OVERFLOW, what, "a size that fits 63 bits", "an overflow");
        }
        if (bits % 8 != 0) {
            throw breach.at(
                    raw.at(), Rule.PARTIAL_BYTE, what, "whole bytes of " + dtype, bits + " bits");
        }
        if (raw.begin() > raw.end()) {
            throw breach.at(
                    raw.at(),
                    Rule.OFFSETS_REVERSED,
                    what + ", data_offsets",
                    "a start of at most the end, " + raw.end(),
                    raw.begin());
        }
        Shape shape = Shape.of(raw.shape());
        if (raw.end() - raw.begin() != bits / 8) {
            throw breach.at(
                    raw.at(),
                    Rule.SIZE_MISMATCH,
                    what + ", data_offsets",
                    bits / 8 + " bytes for " + dtype + " " + shape,
                    raw.end() - raw.begin());
        }
        if (raw.end() > dataLength) {
            throw breach.at(
                    raw.at(),
                    Rule.OUT_OF_BOUNDS,
                    what + ", data_offsets",
                    "an end within the file's " + dataLength + " bytes of data",
                    raw.end());
        }
        return new Entry(new TensorInfo(name, dtype, shape), raw.begin(), raw.end());
    }

    private static void requireText(HeaderViolations breach, byte[] header) {
        for (int i = 0; i < header.length; i++) {
            if (header[i] == 0) {
                throw breach.at(
                        PREFIX + i, Rule.NOT_JSON, "header", "a JSON object", "a zero byte");
            }
        }
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer bytes = ByteBuffer.wrap(header);
        CharBuffer discarded = CharBuffer.allocate(8192);
        CoderResult result;
        do {
            result = decoder.decode(bytes, discarded.clear(), true);
        } while (result.isOverflow());
        if (result.isError()) {
            throw breach.at(
                    PREFIX + bytes.position(),
                    Rule.NOT_UTF8,
                    "header",
                    "UTF-8 text",
                    String.format("byte 0x%02x", header[bytes.position()]));
        }
    }

    private static byte[] read(String file, ReadableByteChannel channel, int length)
            throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes) < 0) {
                throw new EOFException(
                        "'" + file + "': the file was shortened while its header was read");
            }
        }
        return bytes.array();
    }
}
