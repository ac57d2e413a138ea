package io.amalgam.internal.method.select;

import io.amalgam.method.Block;
import io.amalgam.method.ModelPass;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Exact order statistics of values of the whole model, without sorting and in fixed memory: one
 * pass counts the upper 16 bits of every value, a second the lower 16 of those that share the upper
 * ones of a value sought. Counts are whole numbers, so any order gives the same.
 */
public final class OrderStatistics {
    private static final int BINS = 1 << 16;

    private final Keys keys;
    private final List<Wanted> wanted;
    private final int passesAfter;
    private final Function<List<Found>, ModelPass> then;

    private OrderStatistics(
            Keys keys,
            List<Wanted> wanted,
            int passesAfter,
            Function<List<Found>, ModelPass> then) {
        this.keys = keys;
        this.wanted = List.copyOf(wanted);
        this.passesAfter = passesAfter;
        this.then = then;
    }

    /** The values: columns of 32-bit keys that are compared unsigned. */
    public interface Keys {
        /** How many columns there are. */
        int columns();

        /** Whether a tensor has values of a column. */
        boolean has(int tensor, int column);

        /** Whether values of an input are needed to make keys. */
        boolean reads(int tensor, int input);

        /** Writes a block's keys of every column the tensor has. */
        void fill(int tensor, Block in, int[][] keys);
    }

    /** A value sought: the one that {@code rank} values of its column are before, in order. */
    public record Wanted(int column, long rank) {}

    /**
     * A value found.
     *
     * @param below how many values of the column are less
     * @param equal how many are equal
     */
    public record Found(int key, long below, long equal) {}

    /**
     * The passes that find values, then what follows.
     *
     * @param passesAfter how many passes that is, at most
     * @param then is given one value for each one wanted
     */
    public static ModelPass of(
            Keys keys,
            List<Wanted> wanted,
            int passesAfter,
            Function<List<Found>, ModelPass> then) {
        if (wanted.isEmpty()) {
            return then.apply(List.of());
        }
        return new OrderStatistics(keys, wanted, passesAfter, then).upper();
    }

    /** The bits of a float such that unsigned order is the floats' order; NaNs at the ends. */
    public static int ordered(float value) {
        int bits = Float.floatToRawIntBits(value);
        return bits ^ (bits >> 31 | 0x80000000);
    }

    /** The float of {@link #ordered}. */
    public static float unordered(int key) {
        return Float.intBitsToFloat(key < 0 ? key ^ 0x80000000 : ~key);
    }

    /** What one worker has counted, and its buffer. */
    private static final class Tally implements Serializable {
        private static final long serialVersionUID = 1;

        final long[][] bins;
        private transient int[][] keys = {};

        Tally(int histograms) {
            bins = new long[histograms][BINS];
        }

        int[][] keys(int columns, int capacity) {
            if (keys.length != columns || keys[0].length < capacity) {
                keys = new int[columns][capacity];
            }
            return keys;
        }
    }

    /** One pass: a histogram for each column, or for each bin of a column that is looked into. */
    private final class Count implements ModelPass.Pass<Tally> {
        private final int[] columns;
        private final int[] uppers;
        private final int passes;
        private final Function<Tally, ModelPass> next;

        /**
         * @param uppers of the values counted; -1 to count upper halves
         */
        Count(int[] columns, int[] uppers, int passes, Function<Tally, ModelPass> next) {
            this.columns = columns;
            this.uppers = uppers;
            this.passes = passes;
            this.next = next;
        }

        @Override
        public Tally newState() {
            return new Tally(columns.length);
        }

        @Override
        public void fold(Tally state, int tensor, Block in) {
            int[][] values = state.keys(keys.columns(), in.capacity());
            keys.fill(tensor, in, values);
            for (int h = 0; h < columns.length; h++) {
                if (keys.has(tensor, columns[h])) {
                    count(values[columns[h]], in.length(), uppers[h], state.bins[h]);
                }
            }
        }

        private static void count(int[] values, int n, int upper, long[] bins) {
            if (upper < 0) {
                for (int i = 0; i < n; i++) {
                    bins[values[i] >>> 16]++;
                }
                return;
            }
            for (int i = 0; i < n; i++) {
                if (values[i] >>> 16 == upper) {
                    bins[values[i] & BINS - 1]++;
                }
            }
        }

        @Override
        public Tally merge(Tally earlier, Tally later) {
            for (int h = 0; h < earlier.bins.length; h++) {
                for (int bin = 0; bin < BINS; bin++) {
                    earlier.bins[h][bin] += later.bins[h][bin];
                }
            }
            return earlier;
        }

        @Override
        public ModelPass next(Tally total) {
            return next.apply(total);
        }

        @Override
        public boolean anyOrder() {
            return true;
        }

        @Override
        public boolean reads(int tensor, int input) {
            for (int column : columns) {
                if (keys.has(tensor, column)) {
                    return keys.reads(tensor, input);
                }
            }
            return false;
        }

        @Override
        public long stateBytes() {
            return (long) Math.max(columns.length, wanted.size()) * BINS * Long.BYTES;
        }

        @Override
        public int passes() {
            return passes;
        }
    }

    private ModelPass upper() {
        int[] columns = wanted.stream().mapToInt(Wanted::column).distinct().toArray();
        int[] uppers = new int[columns.length];
        java.util.Arrays.fill(uppers, -1);
        return new Count(columns, uppers, 2 + passesAfter, total -> lower(columns, total));
    }

    private ModelPass lower(int[] columns, Tally total) {
        int[] of = new int[wanted.size()];
        int[] uppers = new int[wanted.size()];
        long[] below = new long[wanted.size()];
        for (int w = 0; w < uppers.length; w++) {
            of[w] = wanted.get(w).column();
            long[] bins = total.bins[indexOf(columns, of[w])];
            below[w] = before(bins, wanted.get(w).rank());
            uppers[w] = binOf(bins, wanted.get(w).rank());
        }
        return new Count(of, uppers, 1 + passesAfter, lower -> found(uppers, below, lower));
    }

    private ModelPass found(int[] uppers, long[] below, Tally total) {
        List<Found> all = new ArrayList<>();
        for (int w = 0; w < uppers.length; w++) {
            long rank = wanted.get(w).rank() - below[w];
            int bin = binOf(total.bins[w], rank);
            long before = below[w] + before(total.bins[w], rank);
            all.add(new Found(uppers[w] << 16 | bin, before, total.bins[w][bin]));
        }
        return then.apply(all);
    }

    private static int indexOf(int[] columns, int column) {
        int index = 0;
        while (columns[index] != column) {
            index++;
        }
        return index;
    }

    /** The bin that the value of a rank is in. */
    private static int binOf(long[] bins, long rank) {
        long reached = 0;
        int bin = 0;
        while (reached + bins[bin] <= rank) {
            reached += bins[bin++];
        }
        return bin;
    }

    /** How many values are in bins before that one. */
    private static long before(long[] bins, long rank) {
        long reached = 0;
        for (int bin = binOf(bins, rank) - 1; bin >= 0; bin--) {
            reached += bins[bin];
        }
        return reached;
    }
}
