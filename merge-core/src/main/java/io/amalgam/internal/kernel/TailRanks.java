package io.amalgam.internal.kernel;

import io.amalgam.kernel.Kernels;

/**
 * Decisions by rank and random word about some of a block's elements: see {@link ScalarConsensus}.
 */
public final class TailRanks {
    private TailRanks() {}

    /**
     * {@link Kernels#keepBelow} of the elements from {@code at + from} to {@code at + n - 1}.
     *
     * @param from a multiple of 64
     */
    public static void keepBelow(
            int[] bits,
            int[] words,
            int low,
            int high,
            float[] dst,
            long[] open,
            int at,
            int from,
            int n) {
        for (int group = from; group < n; group += Long.SIZE) {
            long within = 0;
            for (int j = group; j < Math.min(n, group + Long.SIZE); j++) {
                int half = words[at + j] >>> 1;
                // -1 where it is below, or beyond; a branch would often guess wrong.
                int below = (half - low) >> 31;
                int outside = (half - low | high - half) >> 31;
                dst[at + j] = Float.intBitsToFloat(bits[at + j] & below);
                within |= (long) (1 + outside) << j;
            }
            open[group / Long.SIZE] = within;
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
