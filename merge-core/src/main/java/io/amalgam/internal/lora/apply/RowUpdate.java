package io.amalgam.internal.lora.apply;

import io.amalgam.internal.lora.FactorPair;
import io.amalgam.kernel.Kernels;
import io.amalgam.kernel.Workspace;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Changes the rows of one base tensor during reading.
 *
 * <p>Mostly {@code W + delta}. Some adapters must be looked at alone: {@code W + w (f (W' + delta)
 * - W)}, where DoRA sets every output's norm with a factor {@code f} for each row or column, and
 * PiSSA and OLoRA were trained over a rest {@code W'} of the base.
 *
 * @param plain the sum of all other adapters, weights and scales in it; rank 0 if there are none
 * @param alone those
 */
record RowUpdate(FactorPair plain, List<Alone> alone) {
    /**
     * @param delta the adapter's own change, its weight not in it
     * @param weight how much of the adapter is wanted
     * @param residual what it was trained over, if not the base
     * @param norms DoRA's factors, if it is one
     */
    record Alone(
            FactorPair delta, double weight, @Nullable Residual residual, @Nullable Norms norms) {}

    /**
     * @param factors magnitude by norm, for each row or column of the tensor
     * @param byRow which of the two
     */
    record Norms(float[] factors, boolean byRow) {}

    /** What one worker needs besides: two arrays of a row's length, from tensor to tensor. */
    private static final class Spare {
        private float[][] rows = new float[2][0];

        float[][] ofLength(int cols) {
            if (rows[0].length < cols) {
                rows = new float[2][cols];
            }
            return rows;
        }
    }

    /** Changes {@code count} elements of the tensor, from {@code from} on. */
    void apply(Workspace workspace, long from, int count, float[] dst, int at) {
        int cols = plain.cols();
        float[][] spare =
                workspace.kept(Spare.class, Spare.class, unused -> new Spare()).ofLength(cols);
        Kernels kernels = workspace.kernels();
        for (int done = 0; done < count; ) {
            long row = (from + done) / cols;
            int col = (int) ((from + done) % cols);
            int n = Math.min(cols - col, count - done);
            int rows = n < cols ? 1 : (count - done) / cols;
            if (alone.isEmpty()) {
                plain.add(kernels, row, rows, col, col + n, dst, at + done, spare);
            } else {
                for (int i = 0; i < rows; i++) {
                    alone(kernels, row + i, col, col + n, dst, at + done + i * n, spare);
                }
            }
            done += rows * n;
        }
    }

    private void alone(
            Kernels kernels, long row, int from, int to, float[] dst, int at, float[][] spare) {
        int n = to - from;
        float[] base = Arrays.copyOfRange(dst, at, at + n);
        Alone only = alone.get(0);
        if (alone.size() == 1 && plain.rank() == 0 && only.weight == 1) {
            float[] changed = changed(kernels, only, row, from, to, base, spare);
            System.arraycopy(changed, 0, dst, at, n);
            return;
        }
        float[] sum = new float[n];
        plain.add(kernels, row, 1, from, to, sum, 0, spare);
        for (Alone one : alone) {
            float[] changed = changed(kernels, one, row, from, to, base, spare);
            float weight = (float) one.weight;
            for (int j = 0; j < n; j++) {
                sum[j] += weight * (changed[j] - base[j]);
            }
        }
        kernels.add(base, sum, sum, n);
        System.arraycopy(sum, 0, dst, at, n);
    }

    /** What one adapter alone makes of the base's values in a part of a row. */
    private static float[] changed(
            Kernels kernels, Alone one, long row, int from, int to, float[] base, float[][] spare) {
        float[] changed = new float[to - from];
        one.delta.add(kernels, row, 1, from, to, changed, 0, spare);
        Residual residual = one.residual;
        float[] removed = new float[residual == null ? 0 : to - from];
        if (residual != null) {
            residual.removed().add(kernels, row, 1, from, to, removed, 0, spare);
        }
        Norms norms = one.norms;
        for (int j = 0; j < changed.length; j++) {
            float own = residual == null ? base[j] : residual.rounded(base[j] - removed[j]);
            changed[j] += own;
            if (norms != null) {
                changed[j] *= norms.factors[norms.byRow ? (int) row : from + j];
            }
        }
        return changed;
    }
}
