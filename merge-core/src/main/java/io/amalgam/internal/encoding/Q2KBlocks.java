package io.amalgam.internal.encoding;

import io.amalgam.kernel.Kernels;
import io.amalgam.tensor.DType;

/**
 * Q2_K of ggml: 16 bytes of 4-bit scales and minima, 64 of codes, and two float16 that multiply
 * scales and minima. Each scale has 16 elements.
 */
final class Q2KBlocks extends ReadBlocks {
    static final Q2KBlocks INSTANCE = new Q2KBlocks();

    private static final int GROUPS = 16;
    private static final int GROUP = 16;
    private static final int CODES = GROUPS;
    private static final int OUTER = CODES + 64;

    private Q2KBlocks() {
        super(DType.Q2_K);
    }

    @Override
    boolean decodeBlock(byte[] bytes, int offset, float[] dst, int at, Kernels kernels) {
        float outer = half(bytes, offset + OUTER);
        float outerLeast = half(bytes, offset + OUTER + 2);
        for (int i = 0; i < GROUPS; i++) {
            int pair = bytes[offset + i];
            float scale = outer * (pair & 15);
            float least = outerLeast * (pair >>> 4 & 15);
            int codes = offset + CODES + codes(i);
            int shift = shift(i);
            int to = at + GROUP * i;
            kernels.bitsToFloat(bytes, codes, shift, 3, 0, scale, least, dst, to, GROUP);
        }
        return isFinite(outer) && isFinite(outerLeast);
    }

    /** Where the bytes with a group's codes begin: four groups share them. */
    static int codes(int group) {
        return 32 * (group / 8) + GROUP * (group % 2);
    }

    /** Where a group's codes begin in their bytes. */
    static int shift(int group) {
        return group % 8 / 2 * 2;
    }
}
