package io.amalgam.internal.encoding;

import io.amalgam.kernel.Kernels;
import io.amalgam.tensor.DType;

/**
 * TQ1_0 of ggml: ternary digits, five a byte in 48 bytes and four a byte in four more, and a
 * float16 scale.
 */
final class Tq1Blocks extends ReadBlocks {
    static final Tq1Blocks INSTANCE = new Tq1Blocks();

    private static final int DIGITS = 5;
    private static final int LAST = 48;
    private static final int SCALE = LAST + 4;

    /** The values of the digits of each byte, one behind another. */
    private static final float[] VALUES = values();

    private Tq1Blocks() {
        super(DType.TQ1_0);
    }

    private static float[] values() {
        float[] values = new float[256 * DIGITS];
        for (int code = 0; code < 256; code++) {
            int rest = code;
            for (int digit = 0; digit < DIGITS; digit++) {
                values[code * DIGITS + digit] = ((rest * 3) >>> 8) - 1;
                rest = rest * 3 & 0xFF;
            }
        }
        return values;
    }

    @Override
    boolean decodeBlock(byte[] bytes, int offset, float[] dst, int at, Kernels kernels) {
        float scale = half(bytes, offset + SCALE);
        run(bytes, offset, 32, DIGITS, scale, dst, at);
        run(bytes, offset + 32, 16, DIGITS, scale, dst, at + 160);
        run(bytes, offset + LAST, 4, 4, scale, dst, at + 240);
        return isFinite(scale);
    }

    /** The first digits of some bytes, then their second ones, and so on. */
    private static void run(
            byte[] bytes, int from, int count, int digits, float scale, float[] dst, int at) {
        for (int j = 0; j < count; j++) {
            int place = (bytes[from + j] & 0xFF) * DIGITS;
            for (int digit = 0; digit < digits; digit++) {
                dst[at + digit * count + j] = scale * VALUES[place + digit];
            }
        }
    }
}
