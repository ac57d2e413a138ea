package io.amalgam.internal.method.select;

import io.amalgam.kernel.Kernels;
import io.amalgam.method.Block;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * What one worker has counted for one search of {@link TopMagnitudes}: how many magnitudes are
 * above a bracket, how often its frequent values occur in each block, and the others within it, in
 * a histogram and, as long as there is room, one by one. Exact, so workers' tallies add up in any
 * order.
 */
final class BracketTally {
    private static final int FIRST_ROOM = 1 << 10;

    /**
     * What one block holds.
     *
     * @param equal how many elements equal each frequent value
     * @param list the bits of the others within the bracket, at {@code from .. to-1}
     */
    record BlockCount(long offset, int length, int[] equal, int[] list, int from, int to) {
        /** How many of the others equal a value. */
        int listed(int bits) {
            int count = 0;
            for (int i = from; i < to; i++) {
                count += list[i] == bits ? 1 : 0;
            }
            return count;
        }
    }

    private final int low;
    private final int shift;
    private final int room;
    private final long[] bins;
    private final int[] equal = new int[Kernels.PIVOTS + 1];
    private final List<BlockCount> blocks = new ArrayList<>();
    private int[] list = {};
    private int listed;
    private boolean complete = true;
    private long above;
    private long zeros;

    /**
     * @param low the bracket's lower end
     * @param shift so many of the lowest bits fall into one bin
     * @param bins how many
     * @param room the most values listed
     */
    BracketTally(int low, int shift, int bins, int room) {
        this.low = low;
        this.shift = shift;
        this.bins = new long[bins];
        this.room = room;
    }

    /** Counts the magnitudes of {@code x - base} for a block's elements. */
    void count(Block in, float[] x, float[] base, int high, int[] pivots) {
        int n = in.length();
        int[] inside = in.ints(in.capacity());
        Arrays.fill(equal, 0);
        above += in.kernels().countBracket(x, base, low, high, inside, pivots, equal, n);
        int others = equal[Kernels.PIVOTS];
        for (int i = 0; i < others; i++) {
            bins[(inside[i] - low) >>> shift]++;
        }
        if (complete && listed + others > room) {
            // Which of many equal values are the first is then left to another pass.
            complete = false;
        }
        int from = listed;
        if (complete) {
            if (list.length - listed < others) {
                int wanted = Math.max(FIRST_ROOM, Math.max(2 * list.length, listed + others));
                // Blocks counted before keep the list they were written to.
                list = Arrays.copyOf(list, Math.min(room, wanted));
            }
            System.arraycopy(inside, 0, list, listed, others);
            listed += others;
        }
        if (pivots[0] >= 0 || complete) {
            blocks.add(new BlockCount(in.offset(), n, equal.clone(), list, from, listed));
        }
    }

    /** Counts the elements of a block that are 0. */
    void countZeros(Block in, float[] values) {
        zeros += in.kernels().countZeros(values, in.length());
    }

    /** How many magnitudes are above the bracket. */
    long above() {
        return above;
    }

    long zeros() {
        return zeros;
    }

    /**
     * A bin of the histogram, -1 for what is below all of them.
     *
     * @param above how many magnitudes are above it
     */
    record Bin(int index, long above) {}

    /**
     * Where the {@code k}-th largest magnitude is, if it is not above the bracket.
     *
     * @param equal how many elements equal each of the pivots, as {@link #frequent} says
     */
    Bin binOf(long k, int[] pivots, long[] equal) {
        long[] apart = new long[bins.length];
        for (int p = 0; p < pivots.length; p++) {
            if (pivots[p] >= 0) {
                apart[(pivots[p] - low) >>> shift] += equal[p];
            }
        }
        long reached = above;
        int bin = bins.length - 1;
        while (bin >= 0 && reached + bins[bin] + apart[bin] < k) {
            reached += bins[bin] + apart[bin];
            bin--;
        }
        return new Bin(bin, reached);
    }

    /** How many of the values that are not frequent fall into a bin. */
    long others(int bin) {
        return bins[bin];
    }

    int shift() {
        return shift;
    }

    /** Whether all others within the bracket are listed with the blocks. */
    boolean complete() {
        return complete;
    }

    /** How many elements equal each frequent value, in all blocks. */
    long[] frequent() {
        long[] sums = new long[Kernels.PIVOTS];
        for (BlockCount block : blocks) {
            for (int p = 0; p < sums.length; p++) {
                sums[p] += block.equal()[p];
            }
        }
        return sums;
    }

    /** The listed values from {@code first} to {@code last}, ascending. */
    int[] listed(int first, int last) {
        return blocks.stream()
                .flatMapToInt(b -> Arrays.stream(b.list(), b.from(), b.to()))
                .filter(bits -> bits >= first && bits <= last)
                .sorted()
                .toArray();
    }

    /** The blocks in the order of the tensor. */
    List<BlockCount> inOrder() {
        List<BlockCount> ordered = new ArrayList<>(blocks);
        ordered.sort(Comparator.comparingLong(BlockCount::offset));
        return ordered;
    }

    void add(BracketTally other) {
        above += other.above;
        zeros += other.zeros;
        complete &= other.complete;
        blocks.addAll(other.blocks);
        for (int bin = 0; bin < bins.length; bin++) {
            bins[bin] += other.bins[bin];
        }
    }
}
