package io.amalgam.method;

import java.util.Arrays;
import java.util.function.Function;

/**
 * The Kullback-Leibler divergence between the softmaxes of two inputs' rows, {@code sum p ln(p/q)}
 * with {@code p = softmax(first) + 1e-8} and {@code q = softmax(second) + 1e-8}: one float32 for
 * each row, at least 0, computed in float64 in the order of the row.
 */
final class RowDivergences implements Stage.Reduce<RowDivergences.Rows> {
    private static final double FLOOR = 1e-8;

    private final int first;
    private final int second;
    private final long rowLength;
    private final Function<float[], Stage> then;

    RowDivergences(int first, int second, long rowLength, Function<float[], Stage> then) {
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
        for (int from = 0; from < in.length(); from += n) {
            double sumP = exponentials(in.input(first), from, n, p);
            double sumQ = exponentials(in.input(second), from, n, q);
            state.add((float) Math.max(0, divergence(p, 1 / sumP, q, 1 / sumQ, n)));
        }
    }

    /** Writes {@code exp(x - max)}; returns their sum. */
    private static double exponentials(float[] x, int from, int n, double[] dst) {
        float largest = Float.NEGATIVE_INFINITY;
        for (int i = from; i < from + n; i++) {
            largest = Math.max(largest, x[i]);
        }
        double sum = 0;
        for (int i = 0; i < n; i++) {
            dst[i] = Elementary.exp((double) x[from + i] - largest);
            sum += dst[i];
        }
        return sum;
    }

    private static double divergence(double[] p, double scaleP, double[] q, double scaleQ, int n) {
        double sum = 0;
        for (int i = 0; i < n; i++) {
            double first = p[i] * scaleP + FLOOR;
            double second = q[i] * scaleQ + FLOOR;
            sum += first * Elementary.log(first / second);
        }
        return sum;
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
    public Stage next(Rows total) {
        return then.apply(Arrays.copyOf(total.found, total.count));
    }
}
