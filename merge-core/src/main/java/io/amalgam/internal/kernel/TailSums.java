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
    public static long change(
            float[] x, float[] base, double[][] lanes, float[] deltas, int from, int to) {
        int largest = 0;
        int changed = 0;
        for (int i = from; i < to; i++) {
            deltas[i] = x[i] - base[i];
            int magnitude = ScalarKernels.magnitude(deltas[i]);
            largest = Math.max(largest, magnitude);
            changed += magnitude == 0 ? 0 : 1;
        }
        dot(base, base, lanes[0], from, to);
        dot(base, x, lanes[1], from, to);
        dot(x, x, lanes[2], from, to);
        dot(deltas, deltas, lanes[3], from, to);
        return ((long) changed << 32) | largest;
    }

    /** {@link Kernels#countOpposite} of the elements {@code from .. to-1}. */
    public static int countOpposite(float[][] x, int count, int from, int to) {
        int opposite = 0;
        for (int i = from; i < to; i++) {
            boolean above = false;
            boolean below = false;
            for (int m = 0; m < count; m++) {
                above |= x[m][i] > 0;
                below |= x[m][i] < 0;
            }
            opposite += above && below ? 1 : 0;
        }
        return opposite;
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
