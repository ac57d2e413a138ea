package io.amalgam.method;

import io.amalgam.kernel.Kernels;
import io.amalgam.kernel.ScalarKernels;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Finds exact top-k boundaries of magnitudes, without sorting and in fixed memory: of |x - base|
 * for several inputs of one tensor, or of any other {@link Ranking} of its elements.
 *
 * <p>Magnitudes order as their bit patterns do, so a boundary is found among ints. A sample gives a
 * narrow bracket around each boundary, and the values that are frequent in it (differences of
 * 16-bit numbers take few values). One pass counts what lies above the bracket, histograms what
 * lies inside, and counts the frequent values block by block. If the boundary is one of those, the
 * blocks' counts say where keeping ends, and reading one block says at which index. Otherwise, and
 * where the sample misled, the search goes on in a smaller or another bracket with another pass: at
 * most a few times. Small tensors are read once and sorted.
 */
final class TopMagnitudes {
    /** Tensors up to this many elements are held and sorted. */
    static final int SMALL = 1 << 16;

    private static final int CHUNKS = 128;
    private static final int CHUNK = 256;
    private static final int LARGEST = 0x7fffffff;
    private static final int ALL_BINS = 1 << 20;
    private static final int[] NO_PIVOTS = {-1, -1, -1, -1};

    /** Share of the sample from which on a value is worth counting apart. */
    private static final double FREQUENT = 0.002;

    private final long elements;
    private final List<Search> searches = new ArrayList<>();

    TopMagnitudes(long elements) {
        this.elements = elements;
    }

    /** Asks for the boundary of the {@code k} largest magnitudes, 1 to the number of elements. */
    void add(Ranking ranking, long k, Consumer<MagnitudeCut> found) {
        searches.add(new Search(ranking, k, true, 0, LARGEST, NO_PIVOTS, found));
    }

    /**
     * Asks for the {@code k}-th largest magnitude alone: of elements that equal it, none is looked
     * for.
     */
    void addThreshold(Ranking ranking, long k, Consumer<Float> found) {
        Consumer<MagnitudeCut> value = cut -> found.accept(Float.intBitsToFloat(cut.bits()));
        searches.add(new Search(ranking, k, false, 0, LARGEST, NO_PIVOTS, value));
    }

    /** The stages of the search, then what {@code next} gives once all boundaries are known. */
    Stage then(Supplier<Stage> next) {
        if (searches.isEmpty() || elements == 0) {
            return next.get();
        }
        return elements <= SMALL ? sorted(next) : sampled(next);
    }

    /**
     * One search: the bracket of bit patterns, both ends included, that the boundary lies in.
     *
     * @param ties whether it matters which of several equal elements are kept
     * @param pivots values within the bracket that are counted block by block, -1 for none
     */
    private record Search(
            Ranking ranking,
            long k,
            boolean ties,
            int low,
            int high,
            int[] pivots,
            Consumer<MagnitudeCut> found) {
        Search within(int newLow, int newHigh) {
            return new Search(ranking, k, ties, newLow, newHigh, NO_PIVOTS, found);
        }

        Search with(int... values) {
            int[] padded = NO_PIVOTS.clone();
            System.arraycopy(values, 0, padded, 0, values.length);
            return new Search(ranking, k, ties, low, high, padded, found);
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

    private Stage.Probe sorted(Supplier<Stage> next) {
        return reader -> {
            int n = (int) elements;
            int[] bits = new int[n];
            Block all = block(searches, n);
            read(reader, searches, all, 0);
            for (Search search : searches) {
                magnitudes(search, all, bits, 0);
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

    private Stage.Probe sampled(Supplier<Stage> next) {
        return reader -> {
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
            return new Count(begun, next);
        };
    }

    private static Search begin(Search search, long elements, int[] sample) {
        double share = (double) search.k() / elements;
        double rank = sample.length * (1 - share);
        double margin = 16 + 3 * Math.sqrt(sample.length * share * (1 - share));
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

    /** How many elements of a block equal each pivot. */
    private record BlockCount(long offset, int length, int[] equal) {}

    /**
     * What one worker has counted for one search: exact, so workers' counts add up in any order.
     */
    private static final class Tally {
        long above;
        final int[] bins;
        long @Nullable [] drained;
        long unread;
        final int[] equal = new int[Kernels.PIVOTS];
        final List<BlockCount> blocks = new ArrayList<>();

        Tally(int size) {
            bins = new int[size];
        }

        /** Moves the int bins to long ones, before they could overflow or to add them up. */
        long[] drain() {
            if (drained == null) {
                drained = new long[bins.length];
            }
            for (int bin = 0; bin < bins.length; bin++) {
                drained[bin] += bins[bin];
            }
            Arrays.fill(bins, 0);
            unread = 0;
            return drained;
        }

        long count(int bin) {
            return bins[bin] + (drained == null ? 0 : drained[bin]);
        }

        /** How many elements equal each pivot, in all blocks. */
        long[] pivots() {
            long[] sums = new long[Kernels.PIVOTS];
            for (BlockCount block : blocks) {
                for (int p = 0; p < sums.length; p++) {
                    sums[p] += block.equal()[p];
                }
            }
            return sums;
        }

        void add(Tally other) {
            above += other.above;
            blocks.addAll(other.blocks);
            long[] total = drain();
            for (int bin = 0; bin < bins.length; bin++) {
                total[bin] += other.count(bin);
            }
        }
    }

    private final class Count implements Stage.Reduce<List<Tally>> {
        private final List<Search> open;
        private final Supplier<Stage> next;
        private final int[] shifts;
        private final int[] sizes;

        Count(List<Search> open, Supplier<Stage> next) {
            this.open = List.copyOf(open);
            this.next = next;
            this.shifts = new int[open.size()];
            this.sizes = new int[open.size()];
            int most = Math.max(1 << 12, Integer.highestOneBit(ALL_BINS / open.size()));
            for (int s = 0; s < shifts.length; s++) {
                long range = (long) open.get(s).high() - open.get(s).low();
                while ((range >>> shifts[s]) >= most) {
                    shifts[s]++;
                }
                sizes[s] = (int) (range >>> shifts[s]) + 1;
            }
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
        public List<Tally> newState() {
            List<Tally> tallies = new ArrayList<>();
            for (int size : sizes) {
                tallies.add(new Tally(size));
            }
            return tallies;
        }

        @Override
        public void fold(List<Tally> state, Block in) {
            for (int s = 0; s < shifts.length; s++) {
                fold(state.get(s), open.get(s), shifts[s], in);
            }
        }

        private void fold(Tally tally, Search search, int shift, Block in) {
            int n = in.length();
            if (tally.unread + n > 1 << 30) {
                tally.drain();
            }
            tally.unread += n;
            Arrays.fill(tally.equal, 0);
            tally.above +=
                    search.ranking()
                            .countBracket(
                                    in,
                                    search.low(),
                                    search.high(),
                                    shift,
                                    tally.bins,
                                    search.pivots(),
                                    tally.equal);
            if (search.pivots()[0] >= 0) {
                tally.blocks.add(new BlockCount(in.offset(), n, tally.equal.clone()));
            }
        }

        @Override
        public List<Tally> merge(List<Tally> earlier, List<Tally> later) {
            for (int s = 0; s < shifts.length; s++) {
                earlier.get(s).add(later.get(s));
            }
            return earlier;
        }

        @Override
        public Stage next(List<Tally> total) {
            List<Search> again = new ArrayList<>();
            List<Tie> ties = new ArrayList<>();
            for (int s = 0; s < shifts.length; s++) {
                settle(open.get(s), total.get(s), s, again, ties);
            }
            Supplier<Stage> then = again.isEmpty() ? next : () -> new Count(again, next);
            return ties.isEmpty() ? then.get() : locate(ties, then);
        }

        /** Walks down from the top of the bracket to where the k-th magnitude lies. */
        private void settle(Search search, Tally tally, int s, List<Search> again, List<Tie> ties) {
            long reached = tally.above;
            if (reached >= search.k()) {
                again.add(search.within(search.high() + 1, LARGEST));
                return;
            }
            int[] pivots = Arrays.stream(search.pivots()).filter(p -> p >= 0).sorted().toArray();
            long[] equal = tally.pivots();
            int pivot = pivots.length - 1;
            for (int bin = sizes[s] - 1; bin >= 0; bin--) {
                int first = search.low() + (bin << shifts[s]);
                int last = (int) Math.min(search.high(), first + (1L << shifts[s]) - 1);
                long plain = tally.count(bin);
                int from = pivot;
                long frequent = 0;
                while (pivot >= 0 && pivots[pivot] >= first) {
                    frequent += equal[search.pivot(pivots[pivot--])];
                }
                if (reached + plain + frequent < search.k()) {
                    reached += plain + frequent;
                    continue;
                }
                if (first < last && plain > 0) {
                    int[] inside = Arrays.copyOfRange(pivots, pivot + 1, from + 1);
                    again.add(search.within(first, last).with(inside));
                } else if (plain > 0 && frequent == 0) {
                    settle(
                            search.within(first, first),
                            search,
                            tally,
                            search.k() - reached,
                            plain,
                            again,
                            ties);
                } else {
                    // Nothing but pivots in this bin: they are counted each, so their order is
                    // known.
                    int at = from;
                    long here = equal[search.pivot(pivots[at])];
                    while (reached + here < search.k()) {
                        reached += here;
                        here = equal[search.pivot(pivots[--at])];
                    }
                    Search found = search.within(pivots[at], pivots[at]);
                    settle(found, search, tally, search.k() - reached, here, again, ties);
                }
                return;
            }
            again.add(search.within(0, search.low() - 1));
        }

        /**
         * The threshold is known; what is left is where its {@code wanted} of {@code equal}
         * occurrences end.
         */
        private void settle(
                Search found,
                Search search,
                Tally tally,
                long wanted,
                long equal,
                List<Search> again,
                List<Tie> ties) {
            int bits = found.low();
            if (wanted == equal || bits == 0 || !search.ties()) {
                found.found().accept(new MagnitudeCut(bits, elements));
            } else if (search.pivot(bits) >= 0) {
                ties.add(new Tie(found, search.pivot(bits), wanted, tally.blocks));
            } else {
                again.add(found.with(bits));
            }
        }
    }

    /** A threshold found, of whose occurrences only the first {@code wanted} are kept. */
    private record Tie(Search search, int pivot, long wanted, List<BlockCount> blocks) {}

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
        List<BlockCount> blocks = new ArrayList<>(tie.blocks());
        blocks.sort(Comparator.comparingLong(BlockCount::offset));
        long wanted = tie.wanted();
        for (BlockCount block : blocks) {
            int equal = block.equal()[tie.pivot()];
            if (equal >= wanted) {
                int[] bits = new int[block.length()];
                List<Search> alone = List.of(tie.search());
                Block values = block(alone, bits.length);
                read(reader, alone, values, block.offset());
                magnitudes(tie.search(), values, bits, 0);
                return block.offset() + indexAfter(bits, tie.search().low(), wanted);
            }
            wanted -= equal;
        }
        throw new IllegalStateException("fewer elements equal the threshold than were counted");
    }
}
