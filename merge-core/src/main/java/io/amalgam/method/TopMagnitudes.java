package io.amalgam.method;

import io.amalgam.kernel.Kernels;
import io.amalgam.kernel.ScalarKernels;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds exact top-k boundaries of magnitudes, without sorting and in fixed memory: of |x - base|
 * for several inputs of one tensor, or of any other {@link Ranking} of its elements.
 *
 * <p>Magnitudes order as their bit patterns do, so a boundary is found among ints. A sample gives a
 * narrow bracket around each boundary, and the values that are frequent in it (differences of
 * 16-bit numbers take few values). One pass counts what lies above the bracket, lists what lies
 * inside, and counts the frequent values block by block. With the boundary known, the blocks say
 * where keeping ends, and reading one block says at which index. Where the sample misled, or the
 * list grew too long, the search goes on in another or a smaller bracket with another pass: at most
 * a few times. Small tensors are read once and sorted.
 */
final class TopMagnitudes {
    /** Tensors up to this many elements are held and sorted. */
    static final int SMALL = 1 << 16;

    private static final int CHUNKS = 128;
    private static final int CHUNK = 256;
    private static final int LARGEST = 0x7fffffff;

    /** Bins, and listed values, of all searches together. */
    private static final int ALL_BINS = 1 << 16;

    private static final int ALL_LISTED = 1 << 20;

    /** Where the number wanted is not known before the elements that are not 0 are counted. */
    private static final long UNKNOWN = -1;

    private static final int[] NO_PIVOTS = {-1, -1, -1, -1};

    /** Share of the sample from which on a value is worth counting apart. */
    private static final double FREQUENT = 0.002;

    private final long elements;
    private final List<Search> searches = new ArrayList<>();
    private BlockSums beside = BlockSums.NONE;

    /** Sums in float64 over all blocks, in any order: for bounds. */
    interface BlockSums {
        /** Nothing to sum. */
        BlockSums NONE = (in, lanes) -> {};

        /** Adds a block's elements to {@link Kernels#LANES} lanes. */
        void add(Block in, double[] lanes);
    }

    TopMagnitudes(long elements) {
        this.elements = elements;
    }

    /** Asks for the boundary of the {@code k} largest magnitudes, 1 to the number of elements. */
    void add(Ranking ranking, long k, Consumer<MagnitudeCut> found) {
        searches.add(new Search(ranking, k, 0, true, 0, LARGEST, NO_PIVOTS, found));
    }

    /**
     * Asks for the {@code k}-th largest magnitude alone: of elements that equal it, none is looked
     * for.
     */
    void addThreshold(Ranking ranking, long k, Consumer<Float> found) {
        Consumer<MagnitudeCut> value = cut -> found.accept(Float.intBitsToFloat(cut.bits()));
        searches.add(new Search(ranking, k, 0, false, 0, LARGEST, NO_PIVOTS, value));
    }

    /**
     * Asks for the boundary of the {@code trunc(share * those)} largest magnitudes of those that
     * are not 0, the product in float32; if that is none, {@link MagnitudeCut#NOTHING}.
     */
    void addShareOfNonzero(Ranking ranking, float share, Consumer<MagnitudeCut> found) {
        searches.add(new Search(ranking, UNKNOWN, share, true, 0, LARGEST, NO_PIVOTS, found));
    }

    /** Has sums made in the same passes. */
    Stage then(BlockSums sums, Function<double[], Stage> next) {
        beside = sums;
        double[] lanes = new double[Kernels.LANES];
        return then(lanes, () -> next.apply(lanes));
    }

    /** The stages of the search, then what {@code next} gives once all boundaries are known. */
    Stage then(Supplier<Stage> next) {
        return then(new double[Kernels.LANES], next);
    }

    private Stage then(double[] lanes, Supplier<Stage> next) {
        if (searches.isEmpty() || elements == 0) {
            return next.get();
        }
        Stage.Probe sampled = reader -> sampled(reader, lanes, next);
        return elements <= SMALL ? sorted(lanes, next) : sampled;
    }

    /**
     * One search: the bracket of bit patterns, both ends included, that the boundary lies in.
     *
     * @param k how many are wanted; {@link #UNKNOWN} for a {@code share} of those that are not 0
     * @param ties whether it matters which of several equal elements are kept
     * @param pivots values within the bracket that are counted block by block, -1 for none
     */
    private record Search(
            Ranking ranking,
            long k,
            float share,
            boolean ties,
            int low,
            int high,
            int[] pivots,
            Consumer<MagnitudeCut> found) {
        Search within(int newLow, int newHigh) {
            return new Search(ranking, k, share, ties, newLow, newHigh, NO_PIVOTS, found);
        }

        Search with(int... values) {
            int[] padded = NO_PIVOTS.clone();
            System.arraycopy(values, 0, padded, 0, values.length);
            return new Search(ranking, k, share, ties, low, high, padded, found);
        }

        /** The same, once it is known how many are not 0. */
        Search of(long nonzero) {
            long wanted = k == UNKNOWN ? Math.min(nonzero, (long) (nonzero * share)) : k;
            return new Search(ranking, wanted, share, ties, low, high, pivots, found);
        }

        /** Whether nothing is wanted, which is then said. */
        boolean nothing() {
            if (k == 0) {
                found.accept(MagnitudeCut.NOTHING);
            }
            return k == 0;
        }

        int pivot(int bits) {
            for (int p = 0; p < pivots.length; p++) {
                if (pivots[p] == bits) {
                    return p;
                }
            }
            return -1;
        }
    }

    private Stage.Probe sorted(double[] lanes, Supplier<Stage> next) {
        return reader -> {
            int n = (int) elements;
            int[] bits = new int[n];
            Block all = block(searches, n);
            read(reader, searches, all, 0);
            beside.add(all, lanes);
            for (Search asked : searches) {
                magnitudes(asked, all, bits, 0);
                Search search = asked.of(Arrays.stream(bits).filter(b -> b != 0).count());
                if (search.nothing()) {
                    continue;
                }
                int[] ordered = bits.clone();
                Arrays.sort(ordered);
                int threshold = ordered[n - (int) search.k()];
                long above = 0;
                for (int value : bits) {
                    above += value > threshold ? 1 : 0;
                }
                search.found()
                        .accept(
                                new MagnitudeCut(
                                        threshold,
                                        indexAfter(bits, threshold, search.k() - above)));
            }
            return next.get();
        };
    }

    /** The index after the {@code wanted}-th element that equals a threshold. */
    private static int indexAfter(int[] bits, int threshold, long wanted) {
        int index = 0;
        for (long left = wanted; left > 0; index++) {
            left -= bits[index] == threshold ? 1 : 0;
        }
        return index;
    }

    private Stage sampled(Stage.Reader reader, double[] lanes, Supplier<Stage> next)
            throws IOException {
        int[][] samples = new int[searches.size()][CHUNKS * CHUNK];
        Block block = block(searches, CHUNK);
        for (int chunk = 0; chunk < CHUNKS; chunk++) {
            read(reader, searches, block, (elements - CHUNK) / (CHUNKS - 1) * chunk);
            for (int s = 0; s < samples.length; s++) {
                magnitudes(searches.get(s), block, samples[s], chunk * CHUNK);
            }
        }
        List<Search> begun = new ArrayList<>();
        for (int s = 0; s < samples.length; s++) {
            begun.add(begin(searches.get(s), elements, samples[s]));
        }
        return new Count(begun, lanes, next);
    }

    private static Search begin(Search search, long elements, int[] sample) {
        double share = share(search, elements, sample);
        double rank = sample.length * (1 - share);
        double margin = 16 + 3 * Math.sqrt(sample.length * share * (1 - share));
        if (search.k() == UNKNOWN) {
            // How many there are is an estimate too.
            margin *= 1.5;
        }
        int low = (int) Math.floor(rank - margin);
        int high = (int) Math.ceil(rank + margin);
        int from = Math.max(0, low);
        int to = Math.min(sample.length, high + 1);
        PartialSort.sort(sample, from, to);
        Search bracketed =
                search.within(
                        low < 0 ? 0 : sample[low], high >= sample.length ? LARGEST : sample[high]);
        return bracketed.with(frequent(sample, from, to));
    }

    private static double share(Search search, long elements, int[] sample) {
        if (search.k() != UNKNOWN) {
            return (double) search.k() / elements;
        }
        long nonzero = Arrays.stream(sample).filter(bits -> bits != 0).count();
        return search.share() * nonzero / sample.length;
    }

    /**
     * The most frequent values among those at {@code from .. to-1} of a sample that is in order
     * there, with nothing larger before and nothing smaller after.
     */
    private static int[] frequent(int[] sample, int from, int to) {
        List<int[]> runs = new ArrayList<>();
        int i = from;
        while (i < to) {
            int begin = i;
            while (i < to && sample[i] == sample[begin]) {
                i++;
            }
            int count = i - begin;
            if (begin == from || i == to) {
                // Values at the ends may also be beyond them.
                count = 0;
                for (int value : sample) {
                    count += value == sample[begin] ? 1 : 0;
                }
            }
            if (count >= sample.length * FREQUENT) {
                runs.add(new int[] {sample[begin], count});
            }
        }
        runs.sort(Comparator.comparingInt((int[] run) -> -run[1]));
        return runs.stream().limit(Kernels.PIVOTS).mapToInt(run -> run[0]).toArray();
    }

    /** A block of that many elements of the inputs the searches look at. */
    private static Block block(List<Search> searches, int elements) {
        int inputs = 0;
        for (Search search : searches) {
            for (int input : search.ranking().inputs()) {
                inputs = Math.max(inputs, input + 1);
            }
        }
        return new Block(ScalarKernels.INSTANCE, inputs, elements);
    }

    /** Fills a block. */
    private static void read(Stage.Reader reader, List<Search> searches, Block block, long from)
            throws IOException {
        int n = block.capacity();
        block.moveTo(from, n);
        for (int input = 0; input < block.inputs().length; input++) {
            if (looksAt(searches, input)) {
                for (int done = 0; done < n; done += reader.capacity()) {
                    int count = Math.min(reader.capacity(), n - done);
                    reader.read(input, from + done, count, block.input(input), done);
                }
            }
        }
    }

    private static boolean looksAt(List<Search> searches, int input) {
        return searches.stream().anyMatch(search -> search.ranking().inputs().contains(input));
    }

    private static void magnitudes(Search search, Block block, int[] bits, int at) {
        float[] values = block.scratch(0);
        search.ranking().values(block, values);
        for (int i = 0; i < block.length(); i++) {
            bits[at + i] = Float.floatToRawIntBits(values[i]) & LARGEST;
        }
    }

    /** What one worker has counted, for each search. */
    private static final class Tallies {
        final BracketTally[] of;
        final double[] lanes = new double[Kernels.LANES];

        Tallies(int searches) {
            of = new BracketTally[searches];
        }
    }

    private final class Count implements Stage.Reduce<Tallies> {
        private final List<Search> open;
        private final double @Nullable [] lanes;
        private final Supplier<Stage> next;

        /**
         * @param lanes get the sums made beside; null where they have been made
         */
        Count(List<Search> open, double @Nullable [] lanes, Supplier<Stage> next) {
            this.open = List.copyOf(open);
            this.lanes = lanes;
            this.next = next;
        }

        @Override
        public boolean anyOrder() {
            return true;
        }

        @Override
        public boolean reads(int input) {
            return looksAt(open, input);
        }

        @Override
        public Tallies newState() {
            Tallies tallies = new Tallies(open.size());
            int bins = Math.max(1 << 12, Integer.highestOneBit(ALL_BINS / open.size()));
            int room = Math.max(1 << 14, ALL_LISTED / open.size());
            for (int s = 0; s < tallies.of.length; s++) {
                Search search = open.get(s);
                long range = (long) search.high() - search.low();
                int shift = 0;
                while ((range >>> shift) >= bins) {
                    shift++;
                }
                tallies.of[s] =
                        new BracketTally(search.low(), shift, (int) (range >>> shift) + 1, room);
            }
            return tallies;
        }

        @Override
        public void fold(Tallies state, Block in) {
            if (lanes != null) {
                beside.add(in, state.lanes);
            }
            Ranking known = null;
            for (int s = 0; s < open.size(); s++) {
                Search search = open.get(s);
                BracketTally tally = state.of[s];
                if (search.ranking() instanceof Ranking.Delta delta) {
                    float[] x = in.input(delta.input());
                    tally.count(in, x, in.input(delta.base()), search.high(), search.pivots());
                    continue;
                }
                float[] values = in.scratch(0);
                float[] zeros = in.scratch(1);
                if (!search.ranking().equals(known)) {
                    known = search.ranking();
                    known.values(in, values);
                    Arrays.fill(zeros, 0, in.length(), 0f);
                }
                tally.count(in, values, zeros, search.high(), search.pivots());
                if (search.k() == UNKNOWN) {
                    tally.countZeros(values, in.length());
                }
            }
        }

        @Override
        public Tallies merge(Tallies earlier, Tallies later) {
            for (int s = 0; s < earlier.of.length; s++) {
                earlier.of[s].add(later.of[s]);
            }
            LaneSums.add(earlier.lanes, later.lanes);
            return earlier;
        }

        @Override
        public Stage next(Tallies total) {
            if (lanes != null) {
                LaneSums.add(lanes, total.lanes);
            }
            List<Search> again = new ArrayList<>();
            List<Tie> ties = new ArrayList<>();
            for (int s = 0; s < open.size(); s++) {
                Search search = open.get(s).of(elements - total.of[s].zeros());
                if (!search.nothing()) {
                    settle(search, total.of[s], again, ties);
                }
            }
            Supplier<Stage> then = again.isEmpty() ? next : () -> new Count(again, null, next);
            return ties.isEmpty() ? then.get() : locate(ties, then);
        }

        /** Walks down from the top of the bracket to where the k-th magnitude lies. */
        private void settle(Search search, BracketTally tally, List<Search> again, List<Tie> ties) {
            long reached = tally.above();
            if (reached >= search.k()) {
                again.add(search.within(search.high() + 1, LARGEST));
                return;
            }
            int[] pivots = Arrays.stream(search.pivots()).filter(p -> p >= 0).sorted().toArray();
            long[] equal = tally.frequent();
            int pivot = pivots.length - 1;
            for (int bin = tally.bins() - 1; bin >= 0; bin--) {
                int first = search.low() + (bin << tally.shift());
                int last = (int) Math.min(search.high(), first + (1L << tally.shift()) - 1);
                long others = tally.others(bin);
                int from = pivot;
                long frequent = 0;
                while (pivot >= 0 && pivots[pivot] >= first) {
                    frequent += equal[search.pivot(pivots[pivot--])];
                }
                if (reached + others + frequent < search.k()) {
                    reached += others + frequent;
                    continue;
                }
                int[] inside = Arrays.copyOfRange(pivots, pivot + 1, from + 1);
                if (first < last && others > 0 && !tally.complete()) {
                    again.add(search.within(first, last).with(inside));
                    return;
                }
                SortedMap<Integer, Long> values = new TreeMap<>(Comparator.reverseOrder());
                for (int bits : inside) {
                    values.put(bits, equal[search.pivot(bits)]);
                }
                if (tally.complete()) {
                    for (int bits : tally.listed(first, last)) {
                        values.merge(bits, 1L, Long::sum);
                    }
                } else if (others > 0) {
                    values.put(first, others);
                }
                for (Map.Entry<Integer, Long> value : values.entrySet()) {
                    if (reached + value.getValue() >= search.k()) {
                        long wanted = search.k() - reached;
                        settle(
                                search,
                                value.getKey(),
                                wanted,
                                value.getValue(),
                                tally,
                                again,
                                ties);
                        return;
                    }
                    reached += value.getValue();
                }
            }
            again.add(search.within(0, search.low() - 1));
        }

        /**
         * The threshold is known; what is left is where its {@code wanted} of {@code equal}
         * occurrences end.
         */
        private void settle(
                Search search,
                int bits,
                long wanted,
                long equal,
                BracketTally tally,
                List<Search> again,
                List<Tie> ties) {
            Search found = search.within(bits, bits);
            int pivot = search.pivot(bits);
            if (wanted == equal || bits == 0 || !search.ties()) {
                found.found().accept(new MagnitudeCut(bits, elements));
            } else if (pivot >= 0 || tally.complete()) {
                ties.add(new Tie(found, pivot, wanted, tally));
            } else {
                again.add(found.with(bits));
            }
        }
    }

    /**
     * A threshold found, of whose occurrences only the first {@code wanted} are kept.
     *
     * @param pivot its index among the frequent values, -1 where it is none
     */
    private record Tie(Search search, int pivot, long wanted, BracketTally tally) {}

    /** Finds where the last kept element of each tie lies. */
    private Stage.Probe locate(List<Tie> ties, Supplier<Stage> then) {
        return reader -> {
            for (Tie tie : ties) {
                long end = endOf(reader, tie);
                tie.search().found().accept(new MagnitudeCut(tie.search().low(), end));
            }
            return then.get();
        };
    }

    private static long endOf(Stage.Reader reader, Tie tie) throws IOException {
        int threshold = tie.search().low();
        long wanted = tie.wanted();
        for (BracketTally.BlockCount block : tie.tally().inOrder()) {
            int equal = tie.pivot() >= 0 ? block.equal()[tie.pivot()] : block.listed(threshold);
            if (equal >= wanted) {
                int[] bits = new int[block.length()];
                List<Search> alone = List.of(tie.search());
                Block values = block(alone, bits.length);
                read(reader, alone, values, block.offset());
                magnitudes(tie.search(), values, bits, 0);
                return block.offset() + indexAfter(bits, threshold, wanted);
            }
            wanted -= equal;
        }
        throw new IllegalStateException("fewer elements equal the threshold than were counted");
    }
}
