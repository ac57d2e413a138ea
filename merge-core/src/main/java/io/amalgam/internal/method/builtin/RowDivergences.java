package io.amalgam.internal.method.builtin;

import io.amalgam.internal.method.common.LaneSums;
import io.amalgam.kernel.Kernels;
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
    private final long rows;
    private final Function<float[], TensorStep> then;

    /**
     * @param rows of the tensor
     */
    RowDivergences(
            int first, int second, long rowLength, long rows, Function<float[], TensorStep> then) {
        this.first = first;
        this.second = second;
        this.rowLength = rowLength;
        this.rows = rows;
        this.then = then;
    }

    /** What has been found of consecutive rows. */
    static final class Rows {
        private float[] found = new float[16];
        private int count;
        private final double[] lanes = new double[Kernels.LANES];

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

    /**
     * Each unit's own numbers, in arrays of up to twice as many, and all of them: twice while they
     * are put together.
     */
    @Override
    public long bytesKept(long units) {
        return 5 * rows * Float.BYTES + units * (16L * Float.BYTES + 64 + LaneSums.bytes(1, 1));
    }

    @Override
    public Rows newState() {
        return new Rows();
    }

    @Override
    public void fold(Rows state, Block in) {
        Kernels kernels = in.kernels();
        int n = (int) rowLength;
        double[] p = in.doubles(0);
        double[] q = in.doubles(1);
        double[] lanes = state.lanes;
        for (int from = 0; from < in.length(); from += n) {
            Arrays.fill(lanes, 0);
            kernels.softmax(in.input(first), from, p, lanes, n);
            double ofP = 1 / Kernels.total(lanes);
            Arrays.fill(lanes, 0);
            kernels.softmax(in.input(second), from, q, lanes, n);
            double ofQ = 1 / Kernels.total(lanes);
            Arrays.fill(lanes, 0);
            kernels.divergence(p, ofP, q, ofQ, FLOOR, lanes, n);
            state.add((float) Math.max(0, Kernels.total(lanes)));
        }
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
