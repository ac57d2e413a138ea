package io.amalgam.method;

import io.amalgam.kernel.Kernels;
import java.util.List;
import java.util.function.Function;

/**
 * Finds the factors that give thinned task vectors their L1 norm back: {@code sum |d| / sum |kept
 * d|}, sums in float64, the factor rounded to float32; 1 where either sum is below 1e-7.
 */
final class NormRestoring implements Stage.Reduce<double[][]> {
    private static final double NEGLIGIBLE = 1e-7;

    private final int base;
    private final List<Integer> others;
    private final DeltaMask[] masks;
    private final Function<float[], Stage> then;

    NormRestoring(
            int base, List<Integer> others, DeltaMask[] masks, Function<float[], Stage> then) {
        this.base = base;
        this.others = List.copyOf(others);
        this.masks = masks.clone();
        this.then = then;
    }

    /** Lanes of the whole vector's sum and of the kept part's, for each mask. */
    @Override
    public double[][] newState() {
        return new double[2 * masks.length][Kernels.LANES];
    }

    @Override
    public void fold(double[][] state, Block in) {
        Kernels kernels = in.kernels();
        float[] origin = in.input(base);
        float[] delta = in.scratch(0);
        for (int m = 0; m < masks.length; m++) {
            if (masks[m] == DeltaMask.ALL) {
                continue;
            }
            float[] x = in.input(others.get(m));
            kernels.subtract(x, origin, delta, in.length());
            absSum(in, delta, state[2 * m]);
            masks[m].delta(in, x, origin, delta);
            absSum(in, delta, state[2 * m + 1]);
        }
    }

    @Override
    public long rowLength() {
        return DeltaMask.rowLength(masks);
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
    public double[][] merge(double[][] earlier, double[][] later) {
        return LaneSums.add(earlier, later);
    }

    @Override
    public Stage next(double[][] total) {
        float[] factors = new float[masks.length];
        for (int m = 0; m < masks.length; m++) {
            double whole = Kernels.total(total[2 * m]);
            double kept = Kernels.total(total[2 * m + 1]);
            boolean restore =
                    masks[m] != DeltaMask.ALL && whole >= NEGLIGIBLE && kept >= NEGLIGIBLE;
            factors[m] = restore ? (float) (whole / kept) : 1;
        }
        return then.apply(factors);
    }
}
