package io.amalgam.internal.encoding;

import io.amalgam.kernel.Kernels;
import io.amalgam.tensor.DType;

/**
 * Q3_K of ggml: 32 bytes of third bits, 64 of two bits each, 12 of 6-bit scales, and a float16 that
 * multiplies the scales. Each scale has 16 elements.
 */
final class Q3KBlocks extends ReadBlocks {
    static final Q3KBlocks INSTANCE = new Q3KBlocks();

    private static final int GROUPS = 16;
    private static final int GROUP = 16;
    private static final int CODES = 32;
    private static final int SCALES = CODES + 64;
    private static final int OUTER = SCALES + 12;

    private Q3KBlocks() {
        super(DType.Q3_K);
    }

    @Override
    boolean decodeBlock(byte[] bytes, int offset, float[] dst, int at, Kernels kernels) {
        float outer = half(bytes, offset + OUTER);
        for (int i = 0; i < GROUPS; i++) {
            int low = (bytes[offset + SCALES + i % 8] >>> (4 * (i / 8))) & 15;
            int high = (bytes[offset + SCALES + 8 + i % 4] >>> (2 * (i / 4))) & 3;
            float scale = outer * ((low | high << 4) - 32);
            int third = offset + GROUP * (i % 2);
            int codes = offset + CODES + Q2KBlocks.codes(i);
            int shift = Q2KBlocks.shift(i);
            int to = at + GROUP * i;
            kernels.splitBitsToFloat(
                    bytes, codes, shift, 3, third, i / 2, 1, 2, 4, scale, 0, dst, to, GROUP);
        }
        return isFinite(outer);
    }
}
