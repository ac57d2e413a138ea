package io.amalgam.method;

import java.util.Arrays;

/**
 * Decides which elements of a row are kept where that depends on their rank and on a random word,
 * mostly without knowing the rank: a histogram of the magnitudes gives bounds for it, and only
 * where the word lies between the probabilities at both bounds is it looked up. One worker's
 * scratch.
 */
final class RankedRows {
    private static final int ABS = 0x7FFFFFFF;

    /** Magnitudes this many times 2 smaller than the row's largest share a bin. */
    private static final int OCTAVES = 12;

    /** So many ranks are counted each by going through the row. */
    private static final int FEW = 16;

    /** From here on sorting the row is faster than counting. */
    private static final int MANY = 256;

    /** Random words of a block's elements. */
    int[] words = {};

    /** Bits of a block's task vector. */
    int[] bits = {};

    private int[] raw = {};
    private int[] bins = {};
    private int[] unsure = {};
    private long[] keys = {};
    private int[] counts = {};
    private int[] firsts = {};
    private int[] lows = {};
    private int[] highs = {};

    /**
     * Makes room.
     *
     * @param capacity of the block
     * @param m elements of a row
     */
    RankedRows reserve(int capacity, int m) {
        if (words.length < capacity) {
            words = new int[capacity];
            bits = new int[capacity];
        }
        if (raw.length < m) {
            raw = new int[m];
            bins = new int[m];
            unsure = new int[m + 1];
        }
        int wanted =
                Math.max(64, Math.min(1 << 16, Integer.highestOneBit(Math.max(1, m - 1)) << 1));
        if (counts.length != wanted) {
            counts = new int[wanted];
            firsts = new int[wanted];
            lows = new int[wanted];
            highs = new int[wanted];
        }
        return this;
    }

    /**
     * Writes what is kept of a row, and 0 for the rest.
     *
     * @param limits for each rank what a word must be below to keep the element; ascending
     * @param x where to; the row's elements are at {@code at, at + stride, ...}, as many as there
     *     are limits
     */
    void thin(int[] limits, float[] x, int at, int stride) {
        int m = limits.length;
        bound(limits, fillBins(at, stride, m));
        int open = 0;
        for (int j = 0; j < m; j++) {
            int index = at + j * stride;
            int word = words[index] ^ Integer.MIN_VALUE;
            int bin = bins[j];
            // -1 where it is below; a branch would guess wrong half of the time.
            long sure = ((long) word - lows[bin]) >> 63;
            long possible = ((long) word - highs[bin]) >> 63;
            x[index] = Float.intBitsToFloat(raw[j] & (int) sure);
            unsure[open] = j;
            open += (int) (possible & ~sure & 1);
        }
        settle(limits, x, at, stride, open);
    }

    /** As {@link #thin}, and divides what is kept by the probability that it is. */
    void divide(RankedMask mask, int[] limits, float[] x, int at, int stride) {
        int m = limits.length;
        gather(at, stride, m);
        sort(m);
        for (int rank = 0; rank < m; rank++) {
            int j = (int) keys[rank];
            int index = at + j * stride;
            boolean keep = (words[index] ^ Integer.MIN_VALUE) < limits[rank];
            float value = Float.intBitsToFloat(raw[j]);
            x[index] = keep ? value / (float) mask.probability(rank) : 0;
        }
    }

    /** The row's bits in one piece. */
    private void gather(int at, int stride, int m) {
        if (stride == 1) {
            System.arraycopy(bits, at, raw, 0, m);
            return;
        }
        for (int j = 0; j < m; j++) {
            raw[j] = bits[at + j * stride];
        }
    }

    /** Fills {@link #raw}, {@link #bins} and {@link #counts}; returns how many bins there are. */
    private int fillBins(int at, int stride, int m) {
        gather(at, stride, m);
        int top = 0;
        for (int j = 0; j < m; j++) {
            top = Math.max(top, raw[j] & ABS);
        }
        int bottom = Math.max(0, top - (OCTAVES << 23));
        int shift = 0;
        while ((top - bottom) >>> shift >= counts.length) {
            shift++;
        }
        int used = ((top - bottom) >>> shift) + 1;
        Arrays.fill(counts, 0, used, 0);
        // Apart from the counts, so that the compiler makes vector code of it.
        for (int j = 0; j < m; j++) {
            bins[j] = Math.max((raw[j] & ABS) - bottom, 0) >>> shift;
        }
        for (int j = 0; j < m; j++) {
            counts[bins[j]]++;
        }
        return used;
    }

    /** The least rank in each bin, and the limits at its least and greatest. */
    private void bound(int[] limits, int used) {
        int last = limits.length - 1;
        int rank = 0;
        for (int bin = 0; bin < used; bin++) {
            firsts[bin] = rank;
            // Empty bins get limits too: cheaper than asking.
            lows[bin] = limits[Math.min(rank, last)];
            rank += counts[bin];
            highs[bin] = limits[Math.max(rank - 1, 0)];
        }
    }

    /** Decides about the first elements of {@link #unsure}, whose bins alone do not. */
    private void settle(int[] limits, float[] x, int at, int stride, int open) {
        int m = limits.length;
        int left = open > FEW ? settleEqual(limits, x, at, stride, open) : open;
        if (left > MANY) {
            sort(m);
            for (int rank = 0; rank < m; rank++) {
                int j = (int) keys[rank];
                decide(limits, x, at + j * stride, j, rank);
            }
            return;
        }
        for (int u = 0; u < left; u++) {
            int j = unsure[u];
            decide(limits, x, at + j * stride, j, rank(j, m));
        }
    }

    /**
     * Where all magnitudes of a bin are equal, ranks follow the indices: decides about those, and
     * returns how many are left in {@link #unsure}. Usual for differences of 16-bit numbers.
     */
    private int settleEqual(int[] limits, float[] x, int at, int stride, int open) {
        int m = limits.length;
        // No longer needed in this row: lows for some element of each bin, highs for whether
        // others differ.
        for (int j = 0; j < m; j++) {
            lows[bins[j]] = raw[j] & ABS;
            highs[bins[j]] = 0;
        }
        for (int j = 0; j < m; j++) {
            highs[bins[j]] |= (raw[j] & ABS) ^ lows[bins[j]];
        }
        int left = 0;
        int next = 0;
        for (int j = 0; j < m && next < open; j++) {
            int bin = bins[j];
            int rank = firsts[bin]++;
            if (unsure[next] == j) {
                next++;
                if (highs[bin] == 0) {
                    decide(limits, x, at + j * stride, j, rank);
                } else {
                    unsure[left++] = j;
                }
            }
        }
        return left;
    }

    private void decide(int[] limits, float[] x, int index, int j, int rank) {
        boolean keep = (words[index] ^ Integer.MIN_VALUE) < limits[rank];
        x[index] = keep ? Float.intBitsToFloat(raw[j]) : 0;
    }

    /** How many come before an element. */
    private int rank(int j, int m) {
        int mine = raw[j] & ABS;
        int rank = 0;
        for (int i = 0; i < m; i++) {
            rank += ((raw[i] & ABS) - mine) >>> 31;
        }
        for (int i = 0; i < j; i++) {
            rank += (((raw[i] & ABS) ^ mine) - 1) >>> 31;
        }
        return rank;
    }

    /** Magnitude and index of each element, in the order of ranks. */
    private void sort(int m) {
        if (keys.length < m) {
            keys = new long[m];
        }
        for (int j = 0; j < m; j++) {
            keys[j] = (long) (raw[j] & ABS) << 32 | j;
        }
        Arrays.sort(keys, 0, m);
    }
}
