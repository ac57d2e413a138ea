package io.amalgam.internal.kernel;

import io.amalgam.kernel.Kernels;

/**
 * Sign consensus of some of a block's elements: what {@link ScalarKernels} does for all of them,
 * and vector kernels for those that fill no vector.
 */
public final class ScalarConsensus {
    /** The first pattern above infinity. */
    private static final int NAN = 0x7F800001;

    private ScalarConsensus() {}

    /** One element of {@link Kernels#trimmedConsensus}. */
    public static float trimmedConsensus(
            float[][] x,
            int[] cuts,
            float[] weights,
            int models,
            float base,
            boolean normalize,
            float lambda,
            int i) {
        float sum = 0;
        for (int m = 0; m < models; m++) {
            sum += weights[m] * trimmed(x[m][i] - base, cuts[m]);
        }
        boolean positive = sum >= 0;
        float agreed = 0;
        float divisor = 0;
        for (int m = 0; m < models; m++) {
            float value = weights[m] * trimmed(x[m][i] - base, cuts[m]);
            if (positive ? value > 0 : value < 0) {
                agreed += value;
                divisor += weights[m];
            }
        }
        if (normalize && divisor != 0) {
            agreed /= divisor;
        }
        return base + lambda * agreed;
    }

    private static float trimmed(float delta, int cut) {
        return ScalarKernels.magnitude(delta) >= cut ? delta : 0;
    }

    /** {@link Kernels#consensus} of the elements {@code from .. to-1}. */
    public static void consensus(
            float[][] weighted,
            float[] weights,
            int models,
            float[] base,
            boolean normalize,
            float lambda,
            float[] out,
            int from,
            int to) {
        for (int i = from; i < to; i++) {
            float sum = 0;
            for (int m = 0; m < models; m++) {
                sum += weighted[m][i];
            }
            int flip = sum >= 0 ? 0 : Integer.MIN_VALUE;
            float agreed = 0;
            float divisor = 0;
            for (int m = 0; m < models; m++) {
                int bits = Float.floatToRawIntBits(weighted[m][i]);
                // "Not zero, not NaN, of the majority's sign" as a mask of bits: signs are random,
                // and a branch would guess wrong.
                int towards = bits ^ flip;
                int mask = (-towards & ~towards & (towards - NAN)) >> 31;
                agreed += Float.intBitsToFloat(bits & mask);
                divisor += Float.intBitsToFloat(Float.floatToRawIntBits(weights[m]) & mask);
            }
            if (normalize && divisor != 0) {
                agreed /= divisor;
            }
            // A product with 1 is exact: nothing to leave out.
            out[i] = base[i] + lambda * agreed;
        }
    }

    /** {@link Kernels#agreeing} for the elements {@code from .. to-1}. */
    public static void agreeing(
            float[] election,
            float[][] vectors,
            float[] weights,
            float[] shares,
            int models,
            float[] agreed,
            float[] divisor,
            int from,
            int to) {
        for (int i = from; i < to; i++) {
            boolean positive = election[i] >= 0;
            float sum = 0;
            float share = 0;
            for (int m = 0; m < models; m++) {
                float value = vectors[m][i];
                if (positive ? value > 0 : value < 0) {
                    sum += weights[m] * value;
                    share += shares[m];
                }
            }
            agreed[i] = sum;
            divisor[i] = share;
        }
    }
}
