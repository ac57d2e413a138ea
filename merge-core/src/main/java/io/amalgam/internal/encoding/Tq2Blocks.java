package io.amalgam.internal.encoding;

import io.amalgam.kernel.Kernels;
import io.amalgam.tensor.DType;

/** TQ2_0 of ggml: ternary digits in two bits each, 64 bytes of them, and a float16 scale. */
final class Tq2Blocks extends ReadBlocks {
    static final Tq2Blocks INSTANCE = new Tq2Blocks();

    private static final int RUN = 32;
    private static final int SCALE = 64;

    private Tq2Blocks() {
        super(DType.TQ2_0);
    }

    @Override
    boolean decodeBlock(byte[] bytes, int offset, float[] dst, int at, Kernels kernels) {
        float scale = half(bytes, offset + SCALE);
        for (int run = 0; run < 8; run++) {
            int codes = offset + RUN * (run / 4);
            int shift = 2 * (run % 4);
            int to = at + RUN * run;
            kernels.bitsToFloat(bytes, codes, shift, 3, 1, scale, 0, dst, to, RUN);
        }
        return isFinite(scale);
    }
}
