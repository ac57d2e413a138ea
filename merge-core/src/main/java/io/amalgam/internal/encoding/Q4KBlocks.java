package io.amalgam.internal.encoding;

import io.amalgam.kernel.Kernels;
import io.amalgam.tensor.DType;

/**
 * Q4_K and Q5_K of ggml: two float16 that multiply scales and minima, 12 bytes of both in 6 bits
 * each, 32 bytes of fifth bits where there are five, and 128 of four bits. Each scale has 32
 * elements.
 */
final class Q4KBlocks extends ReadBlocks {
    static final Q4KBlocks Q4_K = new Q4KBlocks(DType.Q4_K, false);
    static final Q4KBlocks Q5_K = new Q4KBlocks(DType.Q5_K, true);

    private static final int GROUPS = 8;
    private static final int GROUP = 32;
    private static final int SCALES = 4;
    private static final int FIFTH = SCALES + 12;

    private final boolean fiveBits;
    private final int codes;

    private Q4KBlocks(DType type, boolean fiveBits) {
        super(type);
        this.fiveBits = fiveBits;
        this.codes = fiveBits ? FIFTH + GROUP : FIFTH;
    }

    @Override
    boolean decodeBlock(byte[] bytes, int offset, float[] dst, int at, Kernels kernels) {
        float outer = half(bytes, offset);
        float outerLeast = half(bytes, offset + 2);
        for (int i = 0; i < GROUPS; i++) {
            float scale = outer * scale(bytes, offset + SCALES, i);
            float least = outerLeast * least(bytes, offset + SCALES, i);
            int from = offset + codes + GROUP * (i / 2);
            int shift = 4 * (i % 2);
            int to = at + GROUP * i;
            if (fiveBits) {
                int fifths = offset + FIFTH;
                kernels.splitBitsToFloat(
                        bytes, from, shift, 15, fifths, i, 1, 4, 0, scale, least, dst, to, GROUP);
            } else {
                kernels.bitsToFloat(bytes, from, shift, 15, 0, scale, least, dst, to, GROUP);
            }
        }
        return isFinite(outer) && isFinite(outerLeast);
    }

    private static int scale(byte[] bytes, int scales, int group) {
        if (group < 4) {
            return bytes[scales + group] & 63;
        }
        return (bytes[scales + group + 4] & 15) | (((bytes[scales + group - 4] >>> 6) & 3) << 4);
    }

    private static int least(byte[] bytes, int scales, int group) {
        if (group < 4) {
            return bytes[scales + group + 4] & 63;
        }
        return ((bytes[scales + group + 4] >>> 4) & 15)
                | (((bytes[scales + group] >>> 6) & 3) << 4);
    }
}
