package io.amalgam.internal.encoding;

import io.amalgam.internal.kernel.E2m1;
import io.amalgam.kernel.Kernels;
import io.amalgam.tensor.DType;

/**
 * IQ4_NL and MXFP4 of ggml: a scale, and 32 codes of 4 bits into a table (element {@code j} and
 * {@code 16 + j} share a byte). The scale is a float16, or the exponent of a power of two.
 */
final class TableBlocks extends ReadBlocks {
    /** The values of the four-bit types with unequal steps. */
    static final float[] UNEQUAL = {
        -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113
    };

    static final TableBlocks IQ4_NL = new TableBlocks(DType.IQ4_NL, UNEQUAL, false);
    static final TableBlocks MXFP4 = new TableBlocks(DType.MXFP4, E2m1.values(), true);

    private static final int HALF = 16;

    private final float[] table;
    private final boolean exponent;

    private TableBlocks(DType type, float[] table, boolean exponent) {
        super(type);
        this.table = table;
        this.exponent = exponent;
    }

    @Override
    boolean decodeBlock(byte[] bytes, int offset, float[] dst, int at, Kernels kernels) {
        float scale = exponent ? powerOfTwo(bytes[offset] & 0xFF) : half(bytes, offset);
        int codes = offset + (exponent ? 1 : 2);
        kernels.tableOfHalves(bytes, codes, table, scale, dst, at, HALF);
        // Six times the largest power of two is infinite.
        return exponent ? scale < 0x1p125f : isFinite(scale);
    }

    /** E8M0: 255 is no number. */
    private static float powerOfTwo(int exponent) {
        return exponent == 255 ? Float.NaN : Math.scalb(1f, exponent - 127);
    }
}
