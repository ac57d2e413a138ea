package io.amalgam.internal.formats.gguf;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** GGUF files written field by field, right or wrong. */
final class GgufBytes {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    /** The beginning: the letters, a version, and how many tensors and keys follow. */
    static GgufBytes of(int version, long tensors, long keys) {
        GgufBytes bytes = new GgufBytes();
        bytes.out.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
        return bytes.u32(version).u64(tensors).u64(keys);
    }

    GgufBytes u32(int value) {
        return raw(buffer(Integer.BYTES).putInt(value).array());
    }

    GgufBytes u64(long value) {
        return raw(buffer(Long.BYTES).putLong(value).array());
    }

    GgufBytes raw(byte... bytes) {
        out.writeBytes(bytes);
        return this;
    }

    GgufBytes text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return u64(bytes.length).raw(bytes);
    }

    /** A key with a text. */
    GgufBytes key(String name, String value) {
        return text(name).u32(GgufValueType.STRING.id()).text(value);
    }

    /** A key with a number of type u32. */
    GgufBytes key(String name, int value) {
        return text(name).u32(GgufValueType.U32.id()).u32(value);
    }

    /**
     * A tensor's description.
     *
     * @param dims the fastest first
     */
    GgufBytes tensor(String name, int type, long offset, long... dims) {
        text(name).u32(dims.length);
        for (long dim : dims) {
            u64(dim);
        }
        return u32(type).u64(offset);
    }

    /** Zeros to the next multiple, and {@code count} more. */
    GgufBytes data(int alignment, int count) {
        int zeros = (alignment - out.size() % alignment) % alignment + count;
        return raw(new byte[zeros]);
    }

    byte[] bytes() {
        return out.toByteArray();
    }

    private static ByteBuffer buffer(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }
}
