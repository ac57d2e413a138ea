package io.amalgam.internal.engine;

import io.amalgam.tensor.DType;
import java.nio.ByteBuffer;

/** Stored integers and booleans, little-endian. */
final class Integers {
    private Integers() {}

    /** Overwrites elements of {@code kept} that are less than those of {@code other}. */
    static void keepLarger(DType type, ByteBuffer kept, ByteBuffer other) {
        int width = type.blockBytes();
        for (int at = 0; at < kept.limit(); at += width) {
            long value = get(type, other, at);
            if (compare(type, get(type, kept, at), value) < 0) {
                put(type, kept, at, value);
            }
        }
    }

    /** The value at a byte; of U64 its bits. */
    static long get(DType type, ByteBuffer bytes, int at) {
        return switch (type) {
            case BOOL, U8 -> Byte.toUnsignedLong(bytes.get(at));
            case I8 -> bytes.get(at);
            case U16 -> Short.toUnsignedLong(bytes.getShort(at));
            case I16 -> bytes.getShort(at);
            case U32 -> Integer.toUnsignedLong(bytes.getInt(at));
            case I32 -> bytes.getInt(at);
            case U64, I64 -> bytes.getLong(at);
            default -> throw new IllegalStateException("no integers in " + type);
        };
    }

    /** Writes the low bits of a value. */
    static void put(DType type, ByteBuffer bytes, int at, long value) {
        switch (type.blockBytes()) {
            case 1 -> bytes.put(at, (byte) value);
            case 2 -> bytes.putShort(at, (short) value);
            case 4 -> bytes.putInt(at, (int) value);
            default -> bytes.putLong(at, value);
        }
    }

    static int compare(DType type, long a, long b) {
        return type == DType.U64 ? Long.compareUnsigned(a, b) : Long.compare(a, b);
    }
}
