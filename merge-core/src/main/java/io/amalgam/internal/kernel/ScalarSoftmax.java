package io.amalgam.internal.kernel;

import io.amalgam.kernel.Kernels;

/** Softmax and divergence of some of a block's elements: see {@link ScalarConsensus}. */
public final class ScalarSoftmax {
    private ScalarSoftmax() {}

    /** The largest of the elements {@code from .. to-1}; NaN if there is one. */
    public static float largest(float[] x, int from, int to) {
        float largest = Float.NEGATIVE_INFINITY;
        for (int i = from; i < to; i++) {
            largest = Math.max(largest, x[i]);
        }
        return largest;
    }

    /** A number if it is finite, else NaN. */
    public static double finite(float largest) {
        return Float.isFinite(largest) ? largest : Double.NaN;
    }

    /**
     * {@link Kernels#softmax} of the elements {@code from .. to-1}.
     *
     * @param largest of all elements; NaN instead of an infinity
     */
    public static void softmax(
            float[] x, int at, double largest, double[] dst, double[] lanes, int from, int to) {
        for (int i = from; i < to; i++) {
            dst[i] = PortableMath.exp(-Math.min(largest - x[at + i], -PortableMath.LEAST));
            lanes[i % Kernels.LANES] += dst[i];
        }
    }

    /** {@link Kernels#divergence} of the elements {@code from .. to-1}. */
    public static void divergence(
            double[] p,
            double pScale,
            double[] q,
            double qScale,
            double floor,
            double[] lanes,
            int from,
            int to) {
        for (int i = from; i < to; i++) {
            double a = Math.fma(p[i], pScale, floor);
            q[i] = PortableMath.logRatio(a, Math.fma(q[i], qScale, floor));
            lanes[i % Kernels.LANES] = Math.fma(a, q[i], lanes[i % Kernels.LANES]);
        }
    }
}
