package io.amalgam.internal.kernel;

import io.amalgam.kernel.Kernels;

/** Sums in float64 over some of a block's elements: see {@link ScalarConsensus}. */
public final class TailSums {
    private TailSums() {}

    /** {@link Kernels#dot} of the elements {@code from .. to-1}. */
    public static void dot(float[] a, float[] b, double[] lanes, int from, int to) {
        for (int i = from; i < to; i++) {
            lanes[i % Kernels.LANES] += (double) a[i] * (double) b[i];
        }
    }

    /** {@link Kernels#change} of the elements {@code from .. to-1}. */
    public static void change(
            float[] x, float[] base, double[][] lanes, float[] deltas, int from, int to) {
        for (int i = from; i < to; i++) {
            deltas[i] = x[i] - base[i];
        }
        dot(base, base, lanes[0], from, to);
        dot(base, x, lanes[1], from, to);
        dot(x, x, lanes[2], from, to);
        dot(deltas, deltas, lanes[3], from, to);
    }

    /** {@link Kernels#addSquares} of the elements {@code from .. to-1}. */
    public static void addSquares(float[] x, float[] base, double[] lanes, int from, int to) {
        for (int i = from; i < to; i++) {
            double delta = x[i] - base[i];
            lanes[i % Kernels.LANES] += delta * delta;
        }
    }

    /** {@link Kernels#absDeltaSum} of the elements {@code from .. to-1}. */
    public static void absDeltaSum(float[] x, float[] base, double[] lanes, int from, int to) {
        for (int i = from; i < to; i++) {
            lanes[i % Kernels.LANES] += Math.abs(x[i] - base[i]);
        }
    }
}
