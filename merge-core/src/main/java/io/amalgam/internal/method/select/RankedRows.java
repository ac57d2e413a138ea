package io.amalgam.internal.method.select;

import io.amalgam.internal.kernel.RankBounds;
import io.amalgam.kernel.Kernels;
import io.amalgam.method.Block;
import java.util.Arrays;

/**
 * Decides which elements of a row are kept where that depends on their rank and on a random word,
 * mostly without knowing the rank. Most words decide alone, or with bounds for the ranks of a few
 * groups of magnitudes. For the others a histogram gives the rank, or bounds for it: magnitudes in
 * one of its even bins are equal, as those of many differences of 16-bit numbers are, so that their
 * ranks follow the indices. Only where a word lies between the limits at both bounds is the rank
 * looked up. One worker's scratch.
 */
final class RankedRows {
    private static final int ABS = 0x7FFFFFFF;
    private static final int GROUPS = RankBounds.GROUPS;

    /** Magnitudes smaller than the largest by more than this power of 2 share a bin. */
    private static final int OCTAVES = 8;

    private static final int OCTAVES_LOG = 3;

    /** Bits of the fraction of a float, as many as an octave has. */
    private static final int FRACTION = 23;

    private static final int LEVEL_DIGITS = 8;

    /** More ranks than these are found faster by sorting the row than by counting. */
    private static final int MANY = 64;

    // Of a row, from its first element on: loops over all of these need one index.

    private int[] bits = {};
    private int[] words = {};
    private int[] bins = {};

    /** How many elements of an element's bin come before it. */
    private int[] before = {};

    /** A bit for each element that is not decided about. */
    private long[] open = {};

    private final RankBounds bounds = new RankBounds();
    private long[] keys = {};

    // Of each bin.

    private int[] counts = {};

    /** The least rank in each bin, and after the last one how many ranks there are. */
    private int[] firsts = {};

    // Of a block with steps between a row's elements.

    private int[] blockBits = {};
    private int[] blockWords = {};
    private float[] kept = {};

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
        Kernels kernels = in.kernels();
        int m = limits.length;
        reserve(m);
        scale(limits);
        if (stride == 1) {
            for (int at = 0; at < in.length(); at += m) {
                kernels.randomWords(key, in.offset() + at, words, m);
                int largest = kernels.deltaBits(x, base, at, bits, m);
                row(kernels, mask, limits, largest, dst, at);
            }
            return;
        }
        reserveBlock(in.capacity(), m);
        kernels.randomWords(key, in.offset(), blockWords, in.length());
        kernels.deltaBits(x, base, 0, blockBits, in.length());
        for (int block = 0; block < in.length(); block += m * stride) {
            for (int first = block; first < block + stride; first++) {
                column(kernels, mask, limits, dst, first, stride);
            }
        }
    }

    private void column(
            Kernels kernels, RankedMask mask, int[] limits, float[] dst, int first, int stride) {
        int m = limits.length;
        int largest = 0;
        for (int j = 0; j < m; j++) {
            bits[j] = blockBits[first + j * stride];
            words[j] = blockWords[first + j * stride];
            largest = Math.max(largest, bits[j] & ABS);
        }
        row(kernels, mask, limits, largest, kept, 0);
        for (int j = 0; j < m; j++) {
            dst[first + j * stride] = kept[j];
        }
    }

    /** Decides about a row, whose elements are from {@code at} on in {@code dst}. */
    private void row(
            Kernels kernels, RankedMask mask, int[] limits, int largest, float[] dst, int at) {
        int m = limits.length;
        bin(kernels, largest, m);
        count(m);
        rank();
        if (mask.divides()) {
            decideAll(limits, dst, at);
            for (int rank = 0; rank < m; rank++) {
                dst[at + (int) keys[rank]] /= (float) mask.probability(rank);
            }
            return;
        }
        bound(limits);
        kernels.keepBelow(bits, words, bins, bounds.values(), dst, at, open, m);
        int left = byBins(limits, dst, at);
        if (left > MANY) {
            decideAll(limits, dst, at);
        } else if (left > 0) {
            settle(kernels, limits, dst, at);
        }
    }

    /** Puts magnitudes into bins, the largest into the last but one or, where odd, the last. */
    private void bin(Kernels kernels, int largest, int m) {
        int steps = Integer.numberOfTrailingZeros(counts.length / 2);
        int digits = Integer.SIZE - Integer.numberOfLeadingZeros(largest);
        int shift = Math.max(0, Math.min(digits, FRACTION + OCTAVES_LOG) - steps);
        // Numbers of few digits are at the beginning of a step.
        int bottom = Math.max(0, (largest >>> shift) - (1 << steps) + 1) << shift;
        kernels.magnitudeBins(bits, bottom, shift, bins, m);
    }

    private void count(int m) {
        for (int j = 0; j < m; j++) {
            int bin = bins[j];
            int count = counts[bin];
            before[j] = count;
            counts[bin] = count + 1;
        }
    }

    /** Finds the least rank in each bin, and empties the counts. */
    private void rank() {
        int rank = 0;
        for (int bin = 0; bin < counts.length; bin++) {
            firsts[bin] = rank;
            rank += counts[bin];
            counts[bin] = 0;
        }
        firsts[counts.length] = rank;
    }

    /** Levels of words between the limits of the first and the last rank. */
    private void scale(int[] limits) {
        int least = half(limits[0]);
        int range = half(limits[limits.length - 1]) - least;
        int digits = Integer.SIZE - Integer.numberOfLeadingZeros(range);
        bounds.words(least, Math.max(0, digits - LEVEL_DIGITS));
    }

    /** Bounds for groups of bins: for most of the row, half of a power of 2 each. */
    private void bound(int[] limits) {
        int m = limits.length;
        int size = counts.length / (2 * OCTAVES);
        int end = 2 * OCTAVES;
        while (end > GROUPS && firsts[(end - 1) * size] >= m - m / 32) {
            end--;
        }
        int first = (end - GROUPS) * size;
        bounds.bins(first, Integer.numberOfTrailingZeros(size));
        int from = 0;
        for (int group = 0; group < GROUPS; group++) {
            int to = group == GROUPS - 1 ? counts.length : first + (group + 1) * size;
            int least = limits[Math.min(firsts[from], m - 1)];
            int most = limits[Math.max(firsts[to] - 1, 0)];
            bounds.set(group, bounds.levelOfHalf(half(least)), bounds.levelOfHalf(half(most)));
            from = to;
        }
    }

    /**
     * A limit without its lowest bit, its highest turned back: a half too many is looked at closer.
     */
    private static int half(int limit) {
        return (limit ^ Integer.MIN_VALUE) >>> 1;
    }

    /**
     * Decides about a row's open elements as far as their bins do, and returns how many stay open.
     */
    private int byBins(int[] limits, float[] dst, int at) {
        int left = 0;
        for (int group = 0; group < limits.length; group += Long.SIZE) {
            long rest = open[group / Long.SIZE];
            if (rest == 0) {
                continue;
            }
            long unsure = 0;
            do {
                int bit = Long.numberOfTrailingZeros(rest);
                rest &= rest - 1;
                int j = group + bit;
                int bin = bins[j];
                int first = firsts[bin];
                // Without branches, which would often guess wrong.
                int mixed = -(bin & 1);
                int least = first + (before[j] & ~mixed);
                int most = least + (firsts[bin + 1] - 1 - first & mixed);
                long word = words[j] ^ Integer.MIN_VALUE;
                long sure = (word - limits[least]) >> 63;
                long possible = (word - limits[most]) >> 63;
                dst[at + j] = Float.intBitsToFloat(bits[j] & (int) sure);
                unsure |= (sure ^ possible) & 1L << bit;
            } while (rest != 0);
            open[group / Long.SIZE] = unsure;
            left += Long.bitCount(unsure);
        }
        return left;
    }

    /** Decides about the elements still open by their ranks. */
    private void settle(Kernels kernels, int[] limits, float[] dst, int at) {
        int m = limits.length;
        for (int group = 0; group < m; group += Long.SIZE) {
            for (long rest = open[group / Long.SIZE]; rest != 0; rest &= rest - 1) {
                int j = group + Long.numberOfTrailingZeros(rest);
                dst[at + j] = decided(limits, j, kernels.rank(bits, 0, j, m));
            }
        }
    }

    /** Decides about all elements, their magnitudes and places sorted in {@link #keys}. */
    private void decideAll(int[] limits, float[] dst, int at) {
        int m = limits.length;
        if (keys.length < m) {
            keys = new long[m];
        }
        for (int j = 0; j < m; j++) {
            long magnitude = bits[j] & ABS;
            keys[firsts[bins[j]] + before[j]] = magnitude << 32 | j;
        }
        // Magnitudes of even bins are equal.
        for (int bin = 1; bin < counts.length; bin += 2) {
            if (firsts[bin + 1] - firsts[bin] > 1) {
                Arrays.sort(keys, firsts[bin], firsts[bin + 1]);
            }
        }
        for (int rank = 0; rank < m; rank++) {
            int j = (int) keys[rank];
            dst[at + j] = decided(limits, j, rank);
        }
    }

    private float decided(int[] limits, int j, int rank) {
        long word = words[j] ^ Integer.MIN_VALUE;
        int keep = (int) ((word - limits[rank]) >> 63);
        return Float.intBitsToFloat(bits[j] & keep);
    }

    /**
     * Bytes held for each element of a row, at most: six numbers and a bit for each of those ranked
     * together, their bins, and two numbers more where there are steps between them.
     */
    static int bytes(int m, int stride) {
        double ranked = m * (6.0 * Integer.BYTES + 1) + 2.0 * Integer.BYTES * (bins(m) + 1);
        double block = stride == 1 ? 0 : m * (2.0 * stride + 1) * Integer.BYTES;
        return (int) Math.ceil((ranked + block) / ((double) m * stride));
    }

    private static int bins(int m) {
        return Math.max(64, Math.min(1 << 16, Integer.highestOneBit(m) / 2));
    }

    private void reserve(int m) {
        if (bits.length < m) {
            bits = new int[m];
            words = new int[m];
            bins = new int[m];
            before = new int[m];
            open = new long[m / Long.SIZE + 1];
        }
        int wanted = bins(m);
        if (counts.length != wanted) {
            counts = new int[wanted];
            firsts = new int[wanted + 1];
        }
    }

    private void reserveBlock(int elements, int m) {
        if (blockBits.length < elements) {
            blockBits = new int[elements];
            blockWords = new int[elements];
        }
        if (kept.length < m) {
            kept = new float[m];
        }
    }
}
