package io.amalgam.internal.method.select;

import io.amalgam.internal.method.common.ModelIndex;
import io.amalgam.method.Block;
import io.amalgam.method.ModelPass;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntFunction;

/**
 * Trims each model's task vector to its largest magnitudes over all tensors together. Of equal
 * magnitudes at the cut those in the tensors written first are kept, within one those at the lowest
 * indices. Exact: {@link OrderStatistics}, and one more pass where magnitudes tie at the cut.
 *
 * <p>A density is a budget: each tensor adds {@code density * elements}, and the whole model spends
 * the sum, cut down to a whole number and at least 1.
 */
public final class ModelMagnitudes {
    /** What comes of the masks found for one tensor's task vectors. */
    public interface Then {
        TensorStep stage(int tensor, List<Integer> others, DeltaMask[] masks);
    }

    /** Where equal magnitudes are counted apart; blocks never cross its multiples. */
    private static final long GRAIN = 1 << 18;

    private final List<TensorCall> calls;
    private final boolean[] trimmed;
    private final ModelIndex models;
    private final Then then;
    private final long[] elements;
    private final long[] kept;
    private final boolean[] cutOff;

    /**
     * @param trimmed which tensors take part; the others get no masks
     */
    public ModelMagnitudes(List<TensorCall> calls, boolean[] trimmed, Then then) {
        this.calls = List.copyOf(calls);
        this.trimmed = trimmed.clone();
        this.models = ModelIndex.of(calls);
        this.then = then;
        this.elements = new long[models.count()];
        this.kept = new long[models.count()];
        this.cutOff = new boolean[models.count()];
        List<Map<Double, Long>> budgets = new ArrayList<>();
        for (int m = 0; m < kept.length; m++) {
            budgets.add(new TreeMap<>());
        }
        for (int t = 0; t < trimmed.length; t++) {
            for (int m = 0; m < kept.length; m++) {
                if (has(t, m)) {
                    double density = calls.get(t).number(models.input(t, m), "density");
                    elements[m] += calls.get(t).elements();
                    budgets.get(m).merge(density, calls.get(t).elements(), Long::sum);
                }
            }
        }
        for (int m = 0; m < kept.length; m++) {
            double budget = 0;
            // One product for each density, so that one density gives trunc(density * n) exactly.
            for (Map.Entry<Double, Long> part : budgets.get(m).entrySet()) {
                budget += part.getKey() * part.getValue();
            }
            kept[m] = budget == 0 ? 0 : Math.min(elements[m], Math.max(1, (long) budget));
            cutOff[m] = 0 < budget && budget < elements[m];
        }
    }

    private boolean has(int tensor, int model) {
        return trimmed[tensor] && models.input(tensor, model) >= 0;
    }

    /** The passes, then the stages of the tensors that take part. */
    public ModelPass survey() {
        List<Integer> open = new ArrayList<>();
        List<OrderStatistics.Wanted> wanted = new ArrayList<>();
        for (int m = 0; m < kept.length; m++) {
            if (cutOff[m]) {
                open.add(m);
                wanted.add(new OrderStatistics.Wanted(m, elements[m] - kept[m]));
            }
        }
        return OrderStatistics.of(new Magnitudes(), wanted, 1, found -> cuts(open, found));
    }

    /** The magnitudes of every model's task vector, as bits. */
    private final class Magnitudes implements OrderStatistics.Keys {
        @Override
        public int columns() {
            return kept.length;
        }

        @Override
        public boolean has(int tensor, int column) {
            return ModelMagnitudes.this.has(tensor, column);
        }

        @Override
        public boolean reads(int tensor, int input) {
            int model = models.of()[tensor][input];
            return model < 0 || cutOff[model];
        }

        @Override
        public void fill(int tensor, Block in, int[][] keys) {
            float[] origin = in.input(calls.get(tensor).base());
            for (int i : calls.get(tensor).models()) {
                if (reads(tensor, i)) {
                    magnitudes(in.input(i), origin, keys[models.of()[tensor][i]], in.length());
                }
            }
        }
    }

    private static void magnitudes(float[] x, float[] origin, int[] bits, int n) {
        for (int i = 0; i < n; i++) {
            bits[i] = Float.floatToRawIntBits(x[i] - origin[i]) & Integer.MAX_VALUE;
        }
    }

    /**
     * Where one model's vector is cut off.
     *
     * @param bits of the least magnitude kept
     * @param wanted how many of those equal to it are kept, if not all; else -1
     */
    private record Cut(int bits, long wanted) {}

    private ModelPass cuts(List<Integer> open, List<OrderStatistics.Found> found) {
        Cut[] cuts = new Cut[kept.length];
        boolean ties = false;
        for (int m = 0; m < cuts.length; m++) {
            cuts[m] = new Cut(0, -1);
        }
        for (int s = 0; s < open.size(); s++) {
            int m = open.get(s);
            OrderStatistics.Found cut = found.get(s);
            long above = elements[m] - cut.below() - cut.equal();
            long wanted = kept[m] - above;
            // Of zeros it does not matter which are kept.
            boolean all = wanted == cut.equal() || cut.key() == 0;
            cuts[m] = new Cut(cut.key(), all ? -1 : wanted);
            ties |= !all;
        }
        return ties
                ? new Equals(cuts)
                : new ModelPass.Done(t -> stage(t, m -> whole(m, t, cuts[m])));
    }

    /** The mask of a model's tensor where all magnitudes equal to the cut are kept. */
    private DeltaMask whole(int model, int tensor, Cut cut) {
        if (!cutOff[model]) {
            return kept[model] == 0 ? DeltaMask.NONE : DeltaMask.ALL;
        }
        return new MagnitudeCut(cut.bits(), calls.get(tensor).elements());
    }

    private TensorStep stage(int tensor, IntFunction<DeltaMask> masks) {
        List<Integer> others = calls.get(tensor).models();
        DeltaMask[] all = new DeltaMask[others.size()];
        for (int m = 0; m < all.length && trimmed[tensor]; m++) {
            all[m] = masks.apply(models.of()[tensor][others.get(m)]);
        }
        return then.stage(tensor, others, all);
    }

    /** Counts, for each model, tensor and grain of it, the magnitudes equal to the cut. */
    private final class Equals implements ModelPass.Pass<int[][][]> {
        private final Cut[] cuts;

        Equals(Cut[] cuts) {
            this.cuts = cuts;
        }

        @Override
        public int[][][] newState() {
            int[][][] counts = new int[cuts.length][calls.size()][];
            for (int m = 0; m < cuts.length; m++) {
                for (int t = 0; t < calls.size(); t++) {
                    counts[m][t] = new int[cuts[m].wanted() < 0 || !has(t, m) ? 0 : grains(t)];
                }
            }
            return counts;
        }

        private int grains(int tensor) {
            return Math.toIntExact((calls.get(tensor).elements() + GRAIN - 1) / GRAIN);
        }

        @Override
        public void fold(int[][][] state, int tensor, Block in) {
            float[] origin = in.input(calls.get(tensor).base());
            int grain = (int) (in.offset() / GRAIN);
            for (int i : calls.get(tensor).models()) {
                int model = models.of()[tensor][i];
                if (state[model][tensor].length > 0) {
                    int bits = cuts[model].bits();
                    state[model][tensor][grain] +=
                            equal(in.input(i), origin, bits, in.length(), Long.MAX_VALUE)[0];
                }
            }
        }

        @Override
        public int[][][] merge(int[][][] earlier, int[][][] later) {
            for (int m = 0; m < earlier.length; m++) {
                for (int t = 0; t < earlier[m].length; t++) {
                    for (int grain = 0; grain < earlier[m][t].length; grain++) {
                        earlier[m][t][grain] += later[m][t][grain];
                    }
                }
            }
            return earlier;
        }

        @Override
        public ModelPass next(int[][][] total) {
            return new ModelPass.Done(t -> located(t, cuts, total));
        }

        @Override
        public boolean anyOrder() {
            return true;
        }

        @Override
        public boolean reads(int tensor, int input) {
            if (!trimmed[tensor]) {
                return false;
            }
            int model = models.of()[tensor][input];
            return model < 0 || cuts[model].wanted() >= 0;
        }

        @Override
        public long stateBytes() {
            long grains = 0;
            for (int t = 0; t < calls.size(); t++) {
                grains += grains(t);
            }
            return grains * cuts.length * Integer.BYTES;
        }

        @Override
        public int passes() {
            return 1;
        }
    }

    /**
     * How many of a block equal the cut, and the index after the one that is {@code last} of them.
     */
    private static int[] equal(float[] x, float[] origin, int bits, int n, long last) {
        int equal = 0;
        for (int i = 0; i < n; i++) {
            if ((Float.floatToRawIntBits(x[i] - origin[i]) & Integer.MAX_VALUE) == bits
                    && ++equal == last) {
                return new int[] {equal, i + 1};
            }
        }
        return new int[] {equal, n};
    }

    /** A tensor's stage once it is counted where equal magnitudes lie. */
    private TensorStep located(int tensor, Cut[] cuts, int[][][] equal) {
        return (TensorStep.Sample)
                reader -> {
                    DeltaMask[] found = new DeltaMask[cuts.length];
                    for (int m = 0; m < cuts.length; m++) {
                        if (cuts[m].wanted() < 0) {
                            found[m] = whole(m, tensor, cuts[m]);
                        } else if (has(tensor, m)) {
                            int input = models.input(tensor, m);
                            long end = end(reader, tensor, input, cuts[m], equal[m]);
                            found[m] = new MagnitudeCut(cuts[m].bits(), end);
                        }
                    }
                    return stage(tensor, m -> found[m]);
                };
    }

    /** The index below which a tensor's magnitudes equal to the cut are kept. */
    private long end(TensorStep.Reader reader, int tensor, int input, Cut cut, int[][] equal)
            throws java.io.IOException {
        long wanted = cut.wanted();
        for (int t = 0; t < tensor; t++) {
            for (int count : equal[t]) {
                wanted -= count;
            }
        }
        for (int grain = 0; grain < equal[tensor].length; grain++) {
            if (equal[tensor][grain] >= wanted) {
                return wanted <= 0
                        ? grain * GRAIN
                        : search(reader, tensor, input, cut, grain, wanted);
            }
            wanted -= equal[tensor][grain];
        }
        return calls.get(tensor).elements();
    }

    private long search(
            TensorStep.Reader reader, int tensor, int input, Cut cut, int grain, long wanted)
            throws java.io.IOException {
        TensorCall call = calls.get(tensor);
        float[] x = new float[reader.capacity()];
        float[] origin = new float[reader.capacity()];
        long left = wanted;
        for (long from = grain * GRAIN; from < call.elements(); from += x.length) {
            int n = (int) Math.min(x.length, call.elements() - from);
            reader.read(input, from, n, x, 0);
            reader.read(call.base(), from, n, origin, 0);
            int[] found = equal(x, origin, cut.bits(), n, left);
            left -= found[0];
            if (left == 0) {
                return from + found[1];
            }
        }
        throw new IllegalStateException("fewer elements equal the threshold than were counted");
    }
}
