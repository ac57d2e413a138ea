package io.amalgam.internal.method.select;

import io.amalgam.method.Block;

/**
 * The elements between two cuts: the largest magnitudes without the very largest.
 *
 * @param kept the lower boundary
 * @param outliers the upper one: what it keeps, fewer elements, is dropped
 */
public record MagnitudeBand(MagnitudeCut kept, MagnitudeCut outliers) implements DeltaMask {
    @Override
    public void delta(Block in, float[] x, float[] base, float[] dst) {
        int n = in.length();
        int low = kept.cut(in);
        int above = outliers.cut(in);
        if (low >= 0 && above >= 0) {
            in.kernels().bandedDelta(x, base, low, above - 1, dst, n);
            return;
        }
        // One of the boundaries is among equal magnitudes of this block: a block or two a tensor.
        kept.delta(in, x, base, dst);
        long equals = outliers.equalsBefore() - in.offset();
        for (int i = 0; i < n; i++) {
            int bits = Float.floatToRawIntBits(x[i] - base[i]) & 0x7fffffff;
            if (bits > outliers.bits() || (bits == outliers.bits() && i < equals)) {
                dst[i] = 0;
            }
        }
    }
}
