package io.amalgam.internal.method.builtin;

import io.amalgam.internal.method.common.LaneSums;
import io.amalgam.internal.method.select.DeltaMask;
import io.amalgam.internal.method.select.KeptMask;
import io.amalgam.kernel.Kernels;
import io.amalgam.method.Block;
import io.amalgam.method.TensorStep;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;

/**
 * Finds the factors that give thinned task vectors their L1 norm back: {@code sum |d| / sum |kept
 * d|}, sums in float64, the factor rounded to float32; 1 where either sum is below 1e-7.
 */
final class NormRestoring implements TensorStep.Reduce<NormRestoring.State> {
    private static final double NEGLIGIBLE = 1e-7;

    private final int base;
    private final long elements;
    private final List<Integer> others;
    private final DeltaMask[] masks;
    private final boolean remembers;
    private final BiFunction<DeltaMask[], float[], TensorStep> then;

    /**
     * @param then given the masks, remembered where they are dear, and the factors
     */
    NormRestoring(
            int base,
            long elements,
            List<Integer> others,
            DeltaMask[] masks,
            BiFunction<DeltaMask[], float[], TensorStep> then) {
        this.base = base;
        this.elements = elements;
        this.remembers = KeptMask.fits(masks, elements);
        this.others = List.copyOf(others);
        this.masks = masks.clone();
        this.then = then;
    }

    /** Sums, and what the masks keep. */
    static final class State {
        /** Lanes of the whole vector's sum and of the kept part's, for each mask. */
        final double[][] lanes;

        final List<KeptMask.Part> parts = new ArrayList<>();

        State(int masks) {
            lanes = new double[2 * masks][Kernels.LANES];
        }
    }

    @Override
    public State newState() {
        return new State(masks.length);
    }

    @Override
    public void fold(State state, Block in) {
        if (remembers && state.parts.isEmpty()) {
            state.parts.add(new KeptMask.Part(in.offset(), masks.length));
        }
        Kernels kernels = in.kernels();
        float[] origin = in.input(base);
        float[] delta = in.scratch(0);
        for (int m = 0; m < masks.length; m++) {
            if (masks[m] == DeltaMask.ALL) {
                continue;
            }
            float[] x = in.input(others.get(m));
            double[] whole = state.lanes[2 * m];
            if (in.offset() % Kernels.LANES == 0) {
                kernels.absDeltaSum(x, origin, whole, in.length());
            } else {
                kernels.subtract(x, origin, delta, in.length());
                absSum(in, delta, whole);
            }
            masks[m].delta(in, x, origin, delta);
            absSum(in, delta, state.lanes[2 * m + 1]);
            if (remembers && masks[m].isDear()) {
                state.parts.get(0).add(m, in, delta);
            }
        }
    }

    @Override
    public long rowLength() {
        return DeltaMask.rowLength(masks);
    }

    @Override
    public int scratchBytes(int inputs) {
        TensorStep following = then.apply(masks.clone(), new float[masks.length]);
        int own = DeltaMask.scratchBytes(masks, 1);
        // Its mask is found there again, beside an output, where it is not remembered.
        int output = remembers ? 0 : Float.BYTES;
        return following instanceof TensorStep.Combine combine
                ? Math.max(own, combine.scratchBytes(inputs) + output)
                : own;
    }

    @Override
    public long bytesKept(long units) {
        return LaneSums.bytes(2 * masks.length, units)
                + (remembers ? KeptMask.bytesKept(masks, elements, units) : 0);
    }

    /** Blocks of whole rows may begin between lanes. */
    private static void absSum(Block in, float[] x, double[] lanes) {
        int first = (int) (in.offset() % Kernels.LANES);
        if (first == 0) {
            in.kernels().absSum(x, lanes, in.length());
            return;
        }
        for (int i = 0; i < in.length(); i++) {
            lanes[(first + i) % Kernels.LANES] += Math.abs(x[i]);
        }
    }

    @Override
    public State merge(State earlier, State later) {
        LaneSums.add(earlier.lanes, later.lanes);
        earlier.parts.addAll(later.parts);
        return earlier;
    }

    @Override
    public TensorStep next(State total) {
        float[] factors = new float[masks.length];
        DeltaMask[] known = masks.clone();
        for (int m = 0; m < masks.length; m++) {
            double whole = Kernels.total(total.lanes[2 * m]);
            double part = Kernels.total(total.lanes[2 * m + 1]);
            boolean restore =
                    masks[m] != DeltaMask.ALL && whole >= NEGLIGIBLE && part >= NEGLIGIBLE;
            factors[m] = restore ? (float) (whole / part) : 1;
            if (remembers && masks[m].isDear()) {
                known[m] = new KeptMask(total.parts, m, rowLength());
            }
        }
        return then.apply(known, factors);
    }
}
