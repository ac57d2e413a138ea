package io.amalgam.internal.encoding;

import io.amalgam.kernel.Kernels;
import io.amalgam.tensor.DType;

/**
 * Q6_K of ggml: 128 bytes of four bits, 64 of two more, 16 scales of a byte, and a float16 that
 * multiplies them. Each scale has 16 elements.
 */
final class Q6KBlocks extends ReadBlocks {
    static final Q6KBlocks INSTANCE = new Q6KBlocks();

    private static final int GROUPS = 16;
    private static final int GROUP = 16;
    private static final int HIGH = 128;
    private static final int SCALES = HIGH + 64;
    private static final int OUTER = SCALES + GROUPS;

    private Q6KBlocks() {
        super(DType.Q6_K);
    }

    @Override
    boolean decodeBlock(byte[] bytes, int offset, float[] dst, int at, Kernels kernels) {
        float outer = half(bytes, offset + OUTER);
        for (int i = 0; i < GROUPS; i++) {
            float scale = outer * bytes[offset + SCALES + i];
            int half = i / 8;
            int part = i % 8 / 2;
            int side = GROUP * (i % 2);
            int low = offset + 64 * half + 32 * (part % 2) + side;
            int lowShift = 4 * (part / 2);
            int high = offset + HIGH + 32 * half + side;
            int highShift = 2 * part;
            int to = at + GROUP * i;
            kernels.splitBitsToFloat(
                    bytes, low, lowShift, 15, high, highShift, 3, 4, 32, scale, 0, dst, to, GROUP);
        }
        return isFinite(outer);
    }
}
