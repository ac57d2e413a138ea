package io.amalgam.internal.kernel;

import io.amalgam.kernel.Kernels;

/** Masks of a bit an element, of some of a block's elements: see {@link ScalarConsensus}. */
public final class TailBits {
    private TailBits() {}

    /** {@link Kernels#nonzeroBits} from an element on whose index is a multiple of 8. */
    public static void nonzeroBits(float[] x, byte[] dst, int at, int from, int n) {
        for (int i = from; i < n; i += 8) {
            int set = 0;
            for (int j = i; j < Math.min(i + 8, n); j++) {
                int bits = Float.floatToRawIntBits(x[j]);
                set |= (bits | -bits) >>> 31 << (j - i);
            }
            dst[at + i / 8] = (byte) set;
        }
    }

    /** {@link Kernels#keptDelta} of the elements {@code from .. n-1}. */
    public static void keptDelta(
            float[] x, float[] base, byte[] kept, int at, float[] dst, int from, int n) {
        for (int i = from; i < n; i++) {
            int mask = -(kept[at + i / 8] >>> i % 8 & 1);
            dst[i] = Float.intBitsToFloat(Float.floatToRawIntBits(x[i] - base[i]) & mask);
        }
    }
}
