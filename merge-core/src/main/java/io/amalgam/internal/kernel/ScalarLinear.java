package io.amalgam.internal.kernel;

import io.amalgam.kernel.Kernels;

/**
 * Sums and variances over the models, of some of a block's elements: see {@link ScalarConsensus}.
 */
public final class ScalarLinear {
    private ScalarLinear() {}

    /** {@link Kernels#weightedSum} of the elements {@code from .. to-1}. */
    public static void weightedSum(
            float[][] x,
            float[] weights,
            int models,
            float divisor,
            float[] out,
            int from,
            int to) {
        for (int i = from; i < to; i++) {
            float sum = weights[0] * x[0][i];
            for (int m = 1; m < models; m++) {
                sum = Math.fma(weights[m], x[m][i], sum);
            }
            out[i] = divisor == 1 ? sum : sum / divisor;
        }
    }

    /** {@link Kernels#addDeltas} for the elements {@code from .. to-1}. */
    public static void addDeltas(
            float[][] x,
            float[] weights,
            int models,
            float[] base,
            float divisor,
            float lambda,
            float[] out,
            int from,
            int to) {
        for (int i = from; i < to; i++) {
            float origin = base[i];
            float sum = 0;
            for (int m = 0; m < models; m++) {
                sum += weights[m] * (x[m][i] - origin);
            }
            out[i] = origin + lambda * (divisor == 1 ? sum : sum / divisor);
        }
    }

    /** {@link Kernels#variance} of the elements {@code from .. to-1}. */
    public static void variance(
            float[][] x, int models, float[] base, float[] dst, int from, int to) {
        for (int i = from; i < to; i++) {
            float first = x[0][i] - base[i];
            float mean = 0;
            for (int m = 1; m < models; m++) {
                mean += x[m][i] - base[i] - first;
            }
            mean /= models;
            float sum = mean * mean;
            for (int m = 1; m < models; m++) {
                float distance = x[m][i] - base[i] - first - mean;
                sum += distance * distance;
            }
            dst[i] = sum / models;
        }
    }
}
