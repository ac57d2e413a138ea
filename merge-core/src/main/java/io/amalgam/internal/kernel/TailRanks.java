package io.amalgam.internal.kernel;

import io.amalgam.kernel.Kernels;

/**
 * Decisions by rank and random word about some of a block's elements: see {@link ScalarConsensus}.
 */
public final class TailRanks {
    private TailRanks() {}

    /** {@link Kernels#magnitudeBins} of the elements {@code from .. to-1}. */
    public static void magnitudeBins(
            int[] bits, int bottom, int shift, int[] dst, int from, int to) {
        int rest = (1 << shift) - 1;
        for (int i = from; i < to; i++) {
            int magnitude = bits[i] & Integer.MAX_VALUE;
            int above = Math.max(magnitude - bottom, Math.min(magnitude, 1));
            dst[i] = (above >>> shift) + ((above + rest) >>> shift);
        }
    }

    /**
     * {@link Kernels#keepBelow} of the elements {@code from .. n-1}.
     *
     * @param from a multiple of 64
     */
    public static void keepBelow(
            int[] bits,
            int[] words,
            int[] bins,
            int[] bounds,
            float[] dst,
            int at,
            long[] open,
            int from,
            int n) {
        for (int first = from; first < n; first += Long.SIZE) {
            long within = 0;
            for (int j = first; j < Math.min(n, first + Long.SIZE); j++) {
                int level = RankBounds.level(bounds, words[j]);
                int group = RankBounds.group(bounds, bins[j]);
                // -1 where it is below, or above; a branch would often guess wrong.
                int below = (level - RankBounds.low(bounds, group)) >> 31;
                int above = (RankBounds.high(bounds, group) - level) >> 31;
                dst[at + j] = Float.intBitsToFloat(bits[j] & below);
                within |= (long) (1 + (below | above)) << j;
            }
            open[first / Long.SIZE] = within;
        }
    }

    /** How many of the elements {@code from .. to-1} have a larger magnitude. */
    public static int larger(int[] bits, int own, int from, int to) {
        int count = 0;
        for (int i = from; i < to; i++) {
            count += (own - (bits[i] & Integer.MAX_VALUE)) >>> 31;
        }
        return count;
    }

    /** How many of the elements {@code from .. to-1} have a smaller magnitude. */
    public static int smaller(int[] bits, int own, int from, int to) {
        int count = 0;
        for (int i = from; i < to; i++) {
            count += ((bits[i] & Integer.MAX_VALUE) - own) >>> 31;
        }
        return count;
    }
}
