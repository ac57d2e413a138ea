package io.amalgam.internal.method.builtin;

import io.amalgam.internal.method.select.DeltaMask;
import io.amalgam.kernel.Kernels;
import io.amalgam.method.Block;
import io.amalgam.method.TensorStep;
import java.util.Arrays;
import java.util.List;

/**
 * {@code base + lambda * (sum w_m * factor_m * kept_m) / divisor}: task vectors added without a
 * vote.
 *
 * @param others the inputs that have task vectors; masks, factors and weights in their order
 * @param whole whether every mask keeps all and every factor is 1
 */
record WeightedSum(
        int base,
        List<Integer> others,
        DeltaMask[] masks,
        float[] factors,
        float[] weights,
        float divisor,
        float lambda,
        boolean whole)
        implements TensorStep.Combine {
    @Override
    public void combine(Block in, float[] out) {
        Kernels kernels = in.kernels();
        int n = in.length();
        float[] origin = in.input(base);
        if (whole) {
            float[][] x = in.inputs(others);
            kernels.addDeltas(x, weights, masks.length, origin, divisor, lambda, out, n);
            return;
        }
        float[] sum = in.scratch(0);
        Arrays.fill(sum, 0, n, 0f);
        float[] delta = in.scratch(1);
        for (int m = 0; m < masks.length; m++) {
            float[] x = in.input(others.get(m));
            masks[m].weighted(in, x, origin, factors[m], weights[m], delta);
            kernels.add(sum, delta, sum, n);
        }
        kernels.addScaled(origin, sum, divisor, lambda, out, n);
    }

    @Override
    public long rowLength() {
        return DeltaMask.rowLength(masks);
    }

    @Override
    public int scratchBytes(int inputs) {
        return DeltaMask.scratchBytes(masks, 2);
    }
}
