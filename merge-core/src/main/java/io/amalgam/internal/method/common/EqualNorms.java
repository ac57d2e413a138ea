package io.amalgam.internal.method.common;

import io.amalgam.kernel.Kernels;
import io.amalgam.method.Block;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * Finds the factors that scale the task vectors of a tensor to one Euclidean norm, the mean of the
 * nonzero norms; a vector of zeros keeps the factor 1. Norms are of whole vectors, before any
 * thinning; sums in float64, factors rounded to float32.
 */
public record EqualNorms(int base, List<Integer> others, Function<float[], TensorStep> then)
        implements TensorStep.Reduce<double[][]> {
    public static final ParameterSpec PARAMETER =
            ParameterSpec.flag(
                    "equalize_norms",
                    false,
                    "bring the task vectors of each tensor to the mean of their norms before weights; one more pass");

    /** What {@code then} gives for the factors: all 1, without a pass, where none are asked for. */
    public static TensorStep then(
            TensorCall call, List<Integer> others, Function<float[], TensorStep> then) {
        if (call.flag(PARAMETER.name())) {
            return new EqualNorms(call.base(), others, then);
        }
        return then.apply(ones(others.size()));
    }

    private static float[] ones(int count) {
        float[] ones = new float[count];
        Arrays.fill(ones, 1);
        return ones;
    }

    @Override
    public TensorStep longestRows() {
        TensorStep following = then.apply(ones(others.size()));
        return following instanceof TensorStep.Reduce<?> reduce ? reduce.longestRows() : following;
    }

    @Override
    public long bytesKept(long units) {
        TensorStep following = then.apply(ones(others.size()));
        return Math.max(
                LaneSums.bytes(others.size(), units),
                following instanceof TensorStep.Reduce<?> reduce ? reduce.bytesKept(units) : 0);
    }

    @Override
    public double[][] newState() {
        return new double[others.size()][Kernels.LANES];
    }

    @Override
    public void fold(double[][] state, Block in) {
        float[] delta = in.scratch(0);
        for (int m = 0; m < state.length; m++) {
            in.kernels().subtract(in.input(others.get(m)), in.input(base), delta, in.length());
            in.kernels().dot(delta, delta, state[m], in.length());
        }
    }

    @Override
    public double[][] merge(double[][] earlier, double[][] later) {
        return LaneSums.add(earlier, later);
    }

    @Override
    public TensorStep next(double[][] total) {
        double[] norms = new double[total.length];
        double sum = 0;
        int moved = 0;
        for (int m = 0; m < norms.length; m++) {
            norms[m] = Math.sqrt(Kernels.total(total[m]));
            sum += norms[m];
            moved += norms[m] > 0 ? 1 : 0;
        }
        float[] factors = new float[norms.length];
        for (int m = 0; m < norms.length; m++) {
            factors[m] = norms[m] > 0 ? (float) (sum / moved / norms[m]) : 1;
        }
        return then.apply(factors);
    }
}
