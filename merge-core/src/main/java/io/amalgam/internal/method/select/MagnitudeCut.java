package io.amalgam.internal.method.select;

import io.amalgam.method.Block;

/**
 * The exact boundary of a top-k by magnitude: all magnitudes above the threshold are kept, and of
 * those equal to it the ones at the lowest indices.
 *
 * @param bits bit pattern of the threshold, the k-th largest |delta|
 * @param equalsBefore elements equal to the threshold are kept below this index
 */
public record MagnitudeCut(int bits, long equalsBefore) implements DeltaMask {
    /** Keeps nothing. */
    static final MagnitudeCut NOTHING = new MagnitudeCut(Integer.MAX_VALUE, 0);

    public boolean keepsNothing() {
        return equals(NOTHING);
    }

    @Override
    public int cutFrom(long element) {
        return element < equalsBefore ? bits : bits + 1;
    }

    @Override
    public long cutEnd(long element) {
        return element < equalsBefore ? equalsBefore : Long.MAX_VALUE;
    }

    /** The cut that holds for a whole block; -1 where the last element kept is within it. */
    public int cut(Block in) {
        return cutEnd(in.offset()) < in.offset() + in.length() ? -1 : cutFrom(in.offset());
    }

    @Override
    public void delta(Block in, float[] x, float[] base, float[] dst) {
        int n = in.length();
        int plain = cut(in);
        if (plain >= 0) {
            in.kernels().trimmedDelta(x, base, plain, dst, n);
            return;
        }
        long equals = equalsBefore - in.offset();
        in.kernels().trimmedDelta(x, base, bits + 1, dst, n);
        for (int i = 0; i < equals; i++) {
            float delta = x[i] - base[i];
            if ((Float.floatToRawIntBits(delta) & 0x7fffffff) == bits) {
                dst[i] = delta;
            }
        }
    }
}
