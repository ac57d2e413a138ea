package io.amalgam.internal.encoding;

import io.amalgam.kernel.Kernels;
import io.amalgam.tensor.DType;

/**
 * IQ4_XS of ggml: a float16 that multiplies 6-bit scales, their upper bits, their lower bits, and
 * 128 bytes of codes into the table of IQ4_NL. Each scale has 32 elements.
 */
final class Iq4XsBlocks extends ReadBlocks {
    static final Iq4XsBlocks INSTANCE = new Iq4XsBlocks();

    private static final int GROUPS = 8;
    private static final int GROUP = 32;
    private static final int LOW = 4;
    private static final int CODES = 8;

    private Iq4XsBlocks() {
        super(DType.IQ4_XS);
    }

    @Override
    boolean decodeBlock(byte[] bytes, int offset, float[] dst, int at, Kernels kernels) {
        float outer = half(bytes, offset);
        int high = shortAt(bytes, offset + 2);
        for (int i = 0; i < GROUPS; i++) {
            int scale =
                    ((bytes[offset + LOW + i / 2] >>> (4 * (i % 2))) & 15)
                            | (((high >>> (2 * i)) & 3) << 4);
            kernels.tableOfHalves(
                    bytes,
                    offset + CODES + GROUP / 2 * i,
                    TableBlocks.UNEQUAL,
                    outer * (scale - 32),
                    dst,
                    at + GROUP * i,
                    GROUP / 2);
        }
        return isFinite(outer);
    }
}
