package io.amalgam.internal.method.select;

import io.amalgam.internal.method.common.LaneSums;
import io.amalgam.kernel.Kernels;
import io.amalgam.method.Block;
import io.amalgam.method.TensorStep;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One pass of {@link TopMagnitudes}: counts and lists for each search what its bracket leaves open,
 * then settles the boundaries that are known by that. Others go on with another pass.
 */
final class BracketPass implements TensorStep.Reduce<BracketPass.Tallies> {
    /** Bins, and listed values, of all searches together. */
    private static final int ALL_BINS = 1 << 16;

    private static final int ALL_LISTED = 1 << 20;

    /** What one worker has counted, for each search. */
    static final class Tallies {
        final BracketTally[] of;
        final double[] lanes = new double[Kernels.LANES];

        Tallies(int searches) {
            of = new BracketTally[searches];
        }
    }

    private final long elements;
    private final List<MagnitudeSearch> open;
    private final TopMagnitudes.BlockSums beside;
    private final double @Nullable [] lanes;
    private final Supplier<TensorStep> next;

    /**
     * @param beside what is summed in the same pass
     * @param lanes get the sums made beside; null where they have been made
     */
    BracketPass(
            long elements,
            List<MagnitudeSearch> open,
            TopMagnitudes.BlockSums beside,
            double @Nullable [] lanes,
            Supplier<TensorStep> next) {
        this.elements = elements;
        this.beside = beside;
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
        return TopMagnitudes.looksAt(open, input);
    }

    @Override
    public Tallies newState() {
        Tallies tallies = new Tallies(open.size());
        int bins = Math.max(1 << 12, Integer.highestOneBit(ALL_BINS / open.size()));
        int room = Math.max(1 << 14, ALL_LISTED / open.size());
        for (int s = 0; s < tallies.of.length; s++) {
            MagnitudeSearch search = open.get(s);
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
            MagnitudeSearch search = open.get(s);
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
            if (search.k() == MagnitudeSearch.UNKNOWN) {
                tally.countZeros(in, values);
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
    public TensorStep next(Tallies total) {
        if (lanes != null) {
            LaneSums.add(lanes, total.lanes);
        }
        List<MagnitudeSearch> again = new ArrayList<>();
        List<Tie> ties = new ArrayList<>();
        for (int s = 0; s < open.size(); s++) {
            MagnitudeSearch search = open.get(s).of(elements - total.of[s].zeros());
            if (!search.nothing()) {
                settle(search, total.of[s], again, ties);
            }
        }
        Supplier<TensorStep> then =
                again.isEmpty() ? next : () -> new BracketPass(elements, again, beside, null, next);
        return ties.isEmpty() ? then.get() : locate(ties, then);
    }

    /** Walks down from the top of the bracket to where the k-th magnitude lies. */
    private void settle(
            MagnitudeSearch search,
            BracketTally tally,
            List<MagnitudeSearch> again,
            List<Tie> ties) {
        if (tally.above() >= search.k()) {
            again.add(search.within(search.high() + 1, MagnitudeSearch.LARGEST));
            return;
        }
        long[] equal = tally.frequent();
        BracketTally.Bin bin = tally.binOf(search.k(), search.pivots(), equal);
        if (bin.index() < 0) {
            again.add(search.within(0, search.low() - 1));
            return;
        }
        int first = search.low() + (bin.index() << tally.shift());
        int last = (int) Math.min(search.high(), first + (1L << tally.shift()) - 1);
        SortedMap<Integer, Long> values = new TreeMap<>(Comparator.reverseOrder());
        int[] pivots = search.pivots();
        for (int p = 0; p < pivots.length; p++) {
            if (pivots[p] >= first && pivots[p] <= last) {
                values.put(pivots[p], equal[p]);
            }
        }
        long others = tally.others(bin.index());
        if (first < last && others > 0 && !tally.complete()) {
            int[] inside = values.keySet().stream().mapToInt(bits -> bits).sorted().toArray();
            again.add(search.within(first, last).with(inside));
            return;
        }
        if (tally.complete()) {
            for (int bits : tally.listed(first, last)) {
                values.merge(bits, 1L, Long::sum);
            }
        } else if (others > 0) {
            values.put(first, others);
        }
        long reached = bin.above();
        for (Map.Entry<Integer, Long> value : values.entrySet()) {
            if (reached + value.getValue() >= search.k()) {
                long wanted = search.k() - reached;
                settle(search, value.getKey(), wanted, value.getValue(), tally, again, ties);
                return;
            }
            reached += value.getValue();
        }
        throw new IllegalStateException("a bin holds fewer elements than were counted in it");
    }

    /**
     * The threshold is known; what is left is where its {@code wanted} of {@code equal} occurrences
     * end.
     */
    private void settle(
            MagnitudeSearch search,
            int bits,
            long wanted,
            long equal,
            BracketTally tally,
            List<MagnitudeSearch> again,
            List<Tie> ties) {
        MagnitudeSearch found = search.within(bits, bits);
        int pivot = search.pivot(bits);
        if (wanted == equal || bits == 0 || !search.ties()) {
            found.found().accept(new MagnitudeCut(bits, elements));
        } else if (pivot >= 0 || tally.complete()) {
            ties.add(new Tie(found, pivot, wanted, tally));
        } else {
            again.add(found.with(bits));
        }
    }

    /**
     * A threshold found, of whose occurrences only the first {@code wanted} are kept.
     *
     * @param pivot its index among the frequent values, -1 where it is none
     */
    private record Tie(MagnitudeSearch search, int pivot, long wanted, BracketTally tally) {}

    /** Finds where the last kept element of each tie lies. */
    private TensorStep.Sample locate(List<Tie> ties, Supplier<TensorStep> then) {
        return reader -> {
            for (Tie tie : ties) {
                long end = endOf(reader, tie);
                tie.search().found().accept(new MagnitudeCut(tie.search().low(), end));
            }
            return then.get();
        };
    }

    private static long endOf(TensorStep.Reader reader, Tie tie) throws IOException {
        int threshold = tie.search().low();
        long wanted = tie.wanted();
        for (BracketTally.BlockCount block : tie.tally().inOrder()) {
            int equal = tie.pivot() >= 0 ? block.equal()[tie.pivot()] : block.listed(threshold);
            if (equal >= wanted) {
                int[] bits = new int[block.length()];
                List<MagnitudeSearch> alone = List.of(tie.search());
                Block values = TopMagnitudes.block(alone, bits.length);
                TopMagnitudes.read(reader, alone, values, block.offset());
                TopMagnitudes.magnitudes(tie.search(), values, bits, 0);
                return block.offset() + TopMagnitudes.indexAfter(bits, threshold, wanted);
            }
            wanted -= equal;
        }
        throw new IllegalStateException("fewer elements equal the threshold than were counted");
    }
}
