package io.amalgam.internal.method.builtin;

import io.amalgam.method.Block;
import io.amalgam.method.TensorStep;
import java.util.List;

/**
 * {@code sum w_i x_i / divisor} over some of the inputs: one fused multiply-add for each in order,
 * in float32, divided once. Other inputs are not read.
 */
record WeightedMean(List<Integer> inputs, float[] weights, float divisor)
        implements TensorStep.Combine {
    /** A mean whose weights sum to 1 as far as rounding goes, or are divided by their sum. */
    static WeightedMean of(List<Integer> inputs, float[] weights) {
        float sum = 0;
        for (float weight : weights) {
            sum += weight;
        }
        return new WeightedMean(inputs, weights, sum);
    }

    /** The mean of equals. */
    static WeightedMean of(List<Integer> inputs) {
        float[] weights = new float[inputs.size()];
        java.util.Arrays.fill(weights, 1);
        return of(inputs, weights);
    }

    @Override
    public void combine(Block in, float[] out) {
        in.kernels()
                .weightedSum(in.inputs(inputs), weights, weights.length, divisor, out, in.length());
    }

    @Override
    public boolean reads(int input) {
        return inputs.contains(input);
    }
}
