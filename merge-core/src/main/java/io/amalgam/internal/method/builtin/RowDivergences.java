package io.amalgam.internal.method.builtin;

import io.amalgam.internal.method.common.PortableMath;
import io.amalgam.method.Block;
import io.amalgam.method.TensorStep;
import java.util.Arrays;
import java.util.function.Function;

/**
 * The Kullback-Leibler divergence between the softmaxes of two inputs' rows, {@code sum p ln(p/q)}
 * with {@code p = softmax(first) + 1e-8} and {@code q = softmax(second) + 1e-8}: one float32 for
 * each row, at least 0, computed in float64 in an order that the row alone decides.
 */
final class RowDivergences implements TensorStep.Reduce<RowDivergences.Rows> {
    private static final double FLOOR = 1e-8;

    private final int first;
    private final int second;
    private final long rowLength;
    private final Function<float[], TensorStep> then;

    RowDivergences(int first, int second, long rowLength, Function<float[], TensorStep> then) {
        this.first = first;
        this.second = second;
        this.rowLength = rowLength;
        this.then = then;
    }

    /** What has been found of consecutive rows. */
    static final class Rows {
        private float[] found = new float[16];
        private int count;

        private void add(float... more) {
            add(more, more.length);
        }

        private void add(float[] more, int length) {
            int needed = Math.addExact(count, length);
            if (needed > found.length) {
                found = Arrays.copyOf(found, (int) Math.max(needed, Math.min(2L * count, 1 << 30)));
            }
            System.arraycopy(more, 0, found, count, length);
            count = needed;
        }
    }

    @Override
    public long rowLength() {
        return rowLength;
    }

    @Override
    public Rows newState() {
        return new Rows();
    }

    @Override
    public void fold(Rows state, Block in) {
        int n = (int) rowLength;
        double[] p = in.doubles(0);
        double[] q = in.doubles(1);
        double[] logs = in.doubles(2);
        for (int from = 0; from < in.length(); from += n) {
            softmax(in.input(first), from, n, p, logs);
            softmax(in.input(second), from, n, q, logs);
            PortableMath.logRatio(p, q, logs, n);
            for (int i = 0; i < n; i++) {
                logs[i] *= p[i];
            }
            state.add((float) Math.max(0, sum(logs, n)));
        }
    }

    /** Writes the softmax of a row, and a little added, to {@code dst}. */
    private static void softmax(float[] x, int from, int n, double[] dst, double[] scratch) {
        float largest = Float.NEGATIVE_INFINITY;
        for (int i = from; i < from + n; i++) {
            // No Math.max: NaN, which it would look out for, makes the sum NaN all the same.
            largest = x[i] > largest ? x[i] : largest;
        }
        for (int i = 0; i < n; i++) {
            dst[i] = (double) x[from + i] - largest;
        }
        PortableMath.exp(dst, scratch, n);
        double scale = 1 / sum(dst, n);
        for (int i = 0; i < n; i++) {
            dst[i] = dst[i] * scale + FLOOR;
        }
    }

    /** Every fourth number to one of four sums: the processor adds them side by side. */
    private static double sum(double[] x, int n) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int i = 0;
        for (; i + 3 < n; i += 4) {
            a += x[i];
            b += x[i + 1];
            c += x[i + 2];
            d += x[i + 3];
        }
        for (; i < n; i++) {
            a += x[i];
        }
        return (a + b) + (c + d);
    }

    @Override
    public Rows merge(Rows earlier, Rows later) {
        earlier.add(later.found, later.count);
        return earlier;
    }

    @Override
    public boolean reads(int input) {
        return input == first || input == second;
    }

    @Override
    public TensorStep next(Rows total) {
        return then.apply(Arrays.copyOf(total.found, total.count));
    }
}
