package io.amalgam.internal.method.select;

import io.amalgam.kernel.Kernels;
import io.amalgam.method.Block;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Decides which elements of a row are kept where that depends on their rank and on a random word,
 * mostly without knowing the rank: most words are below the limits of all ranks or of none; of the
 * others, a histogram of the magnitudes gives bounds for the rank, and only where the word lies
 * between the limits at both bounds is it looked up. One worker's scratch.
 */
final class RankedRows {
    private static final int ABS = 0x7FFFFFFF;

    /** Magnitudes smaller than the largest by more than this power of 2 share a bin. */
    private static final int OCTAVES = 8;

    /** So many ranks are counted each by going through the row. */
    private static final int FEW = 40;

    /** From here on sorting the row is faster than counting. */
    private static final int MANY = 256;

    // Of a block, or of one row of it whose elements are not beside each other.

    private int[] bits = {};
    private int[] words = {};
    private int[] bins = {};

    // Of a row.

    /** A bit for each element that its word alone does not decide about. */
    private long[] open = {};

    private int[] unsure = {};
    private long[] keys = {};

    // Of each bin.

    private int[] counts = {};
    private int[] firsts = {};
    private int[] lows = {};
    private int[] highs = {};

    /** One of the bin's magnitudes, and in which bits others differ from it. */
    private int[] some = {};

    private int[] apart = {};

    /** The columns of a block with steps between a row's elements, one at a time. */
    private static final class Column {
        final RankedRows rows = new RankedRows();
        float[] kept = {};
    }

    private @Nullable Column column;

    /** Draws the words and takes the differences of a block. */
    private int begin(Block in, float[] x, float[] base, long key, int m) {
        reserve(in.capacity(), m);
        in.kernels().randomWords(key, in.offset(), words, in.length());
        return in.kernels().deltaBits(x, base, bits, in.length());
    }

    /**
     * Writes what is kept of a block's {@code x - base} to {@code dst}.
     *
     * @param limits of the mask: for each rank what a word, its highest bit turned round, must be
     *     below to keep the element; ascending, as many as a row has elements
     * @param stride steps between a row's elements
     */
    void thin(
            Block in,
            float[] x,
            float[] base,
            RankedMask mask,
            long key,
            int[] limits,
            int stride,
            float[] dst) {
        int m = limits.length;
        int largest = begin(in, x, base, key, m);
        if (!mask.divides()) {
            bin(in.kernels(), largest, in.length());
        }
        if (stride == 1) {
            for (int at = 0; at < in.length(); at += m) {
                row(in.kernels(), mask, limits, dst, at);
            }
            return;
        }
        for (int block = 0; block < in.length(); block += m * stride) {
            for (int first = block; first < block + stride; first++) {
                column(in.kernels(), mask, limits, dst, first, stride);
            }
        }
    }

    private void column(
            Kernels kernels, RankedMask mask, int[] limits, float[] dst, int first, int stride) {
        int m = limits.length;
        if (column == null) {
            column = new Column();
        }
        RankedRows rows = column.rows;
        rows.reserve(m, m);
        if (column.kept.length < m) {
            column.kept = new float[m];
        }
        float[] kept = column.kept;
        for (int j = 0; j < m; j++) {
            rows.bits[j] = bits[first + j * stride];
            rows.words[j] = words[first + j * stride];
            rows.bins[j] = bins[first + j * stride];
        }
        rows.row(kernels, mask, limits, kept, 0);
        for (int j = 0; j < m; j++) {
            dst[first + j * stride] = kept[j];
        }
    }

    /** Decides about the row that begins at {@code at}. */
    private void row(Kernels kernels, RankedMask mask, int[] limits, float[] dst, int at) {
        int m = limits.length;
        if (mask.divides()) {
            divide(mask, limits, dst, at);
            return;
        }
        count(at, m);
        if (counts[0] > m / 4) {
            // Magnitudes of other rows are far larger, or it is zeros, or those of 16-bit numbers.
            rebin(at, m);
            count(at, m);
        }
        bound(limits);
        int low = half(limits[0]);
        int high = half(limits[m - 1]);
        kernels.keepBelow(bits, words, low, high, dst, open, at, m);
        settle(kernels, limits, dst, at, byBins(dst, at, m));
    }

    /**
     * Decides about a row's open elements by their bins, and returns how many it lists in {@link
     * #unsure} instead.
     */
    private int byBins(float[] dst, int at, int m) {
        int left = 0;
        for (int group = 0; group < m; group += Long.SIZE) {
            long rest = open[group / Long.SIZE];
            while (rest != 0) {
                int i = at + group + Long.numberOfTrailingZeros(rest);
                rest &= rest - 1;
                int bin = bins[i];
                int half = words[i] >>> 1;
                // -1 where it is below; a branch would guess wrong half of the time.
                int sure = (half - lows[bin]) >> 31;
                int impossible = (highs[bin] - half) >> 31;
                dst[i] = Float.intBitsToFloat(bits[i] & sure);
                unsure[left] = i;
                left += 1 + (sure | impossible);
            }
        }
        return left;
    }

    /** Bins for magnitudes up to {@code largest}. */
    private void bin(Kernels kernels, int largest, int n) {
        int bottom = Math.max(0, largest - (OCTAVES << 23));
        kernels.magnitudeBins(bits, bottom, shift(largest - bottom), bins, n);
    }

    private void rebin(int at, int m) {
        int largest = 0;
        for (int i = at; i < at + m; i++) {
            largest = Math.max(largest, bits[i] & ABS);
        }
        int bottom = Math.max(0, largest - (OCTAVES << 23));
        int shift = shift(largest - bottom);
        for (int i = at; i < at + m; i++) {
            bins[i] = Math.max((bits[i] & ABS) - bottom, 0) >>> shift;
        }
    }

    private int shift(int range) {
        int shift = 0;
        while (range >>> shift >= counts.length) {
            shift++;
        }
        return shift;
    }

    private void count(int at, int m) {
        Arrays.fill(counts, 0);
        for (int i = at; i < at + m; i++) {
            counts[bins[i]]++;
        }
    }

    /**
     * The least rank in each bin, and after the last one how many ranks there are; and the limits
     * at each bin's first and last rank, halved.
     */
    private void bound(int[] limits) {
        int last = limits.length - 1;
        int rank = 0;
        for (int bin = 0; bin < counts.length; bin++) {
            firsts[bin] = rank;
            // Also of bins that are empty, without a branch: which are cannot be foreseen.
            lows[bin] = half(limits[Math.min(rank, last)]);
            rank += counts[bin];
            highs[bin] = half(limits[Math.max(rank - 1, 0)]);
        }
        firsts[counts.length] = rank;
    }

    /**
     * A limit without its lowest bit, its highest turned back: a half too many is looked at closer.
     */
    private static int half(int limit) {
        return (limit ^ Integer.MIN_VALUE) >>> 1;
    }

    /** Decides about the first elements of {@link #unsure}, whose bins alone do not. */
    private void settle(Kernels kernels, int[] limits, float[] dst, int at, int open) {
        int m = limits.length;
        int left = open > FEW ? settleEqual(limits, dst, at, open) : open;
        if (left > MANY) {
            sort(at, m);
            for (int rank = 0; rank < m; rank++) {
                decide(limits, dst, at + (int) keys[rank], rank);
            }
            return;
        }
        for (int u = 0; u < left; u++) {
            decide(limits, dst, unsure[u], kernels.rank(bits, at, unsure[u], at + m));
        }
    }

    /**
     * Where all magnitudes of a bin are equal, ranks follow the indices: decides about those, and
     * returns how many are left in {@link #unsure}. Usual for differences of 16-bit numbers.
     */
    private int settleEqual(int[] limits, float[] dst, int at, int open) {
        int end = at + limits.length;
        for (int i = at; i < end; i++) {
            some[bins[i]] = bits[i] & ABS;
            apart[bins[i]] = 0;
        }
        for (int i = at; i < end; i++) {
            apart[bins[i]] |= (bits[i] & ABS) ^ some[bins[i]];
        }
        int left = 0;
        int next = 0;
        for (int i = at; i < end && next < open; i++) {
            int bin = bins[i];
            int rank = firsts[bin]++;
            if (unsure[next] == i) {
                next++;
                if (apart[bin] == 0) {
                    decide(limits, dst, i, rank);
                } else {
                    unsure[left++] = i;
                }
            }
        }
        return left;
    }

    private void decide(int[] limits, float[] dst, int i, int rank) {
        boolean keep = (words[i] ^ Integer.MIN_VALUE) < limits[rank];
        dst[i] = keep ? Float.intBitsToFloat(bits[i]) : 0;
    }

    /** Keeps as {@link #settle} does, and divides by the probability that an element is kept. */
    private void divide(RankedMask mask, int[] limits, float[] dst, int at) {
        sort(at, limits.length);
        for (int rank = 0; rank < limits.length; rank++) {
            int i = at + (int) keys[rank];
            decide(limits, dst, i, rank);
            dst[i] /= (float) mask.probability(rank);
        }
    }

    /** Magnitude and place in the row of each element, in the order of ranks. */
    private void sort(int at, int m) {
        if (keys.length < m) {
            keys = new long[m];
        }
        for (int j = 0; j < m; j++) {
            keys[j] = (long) (bits[at + j] & ABS) << 32 | j;
        }
        Arrays.sort(keys, 0, m);
    }

    private void reserve(int elements, int m) {
        if (bits.length < elements) {
            bits = new int[elements];
            words = new int[elements];
            bins = new int[elements];
        }
        if (unsure.length < m + 1) {
            unsure = new int[m + 1];
            open = new long[m / Long.SIZE + 1];
        }
        int wanted = Math.max(64, Math.min(1 << 16, Integer.highestOneBit(m) / 4));
        if (counts.length != wanted) {
            counts = new int[wanted];
            firsts = new int[wanted + 1];
            lows = new int[wanted];
            highs = new int[wanted];
            some = new int[wanted];
            apart = new int[wanted];
        }
    }
}
