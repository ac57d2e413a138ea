package io.amalgam.lora;

import io.amalgam.kernel.Kernels;
import io.amalgam.kernel.Workspace;
import java.util.Arrays;
import java.util.List;

/**
 * What is done to the rows of one base tensor while they are read.
 *
 * <p>Without DoRA: {@code W + delta}. A DoRA adapter sets every output's norm: {@code W + w (f (W +
 * delta) - W)}, with a factor for each row or column.
 *
 * @param plain the sum of all adapters without DoRA, weights and scales in it; rank 0 if there are
 *     none
 * @param doras the others
 */
record Change(Factors plain, List<Dora> doras) {
    /**
     * @param delta the adapter's own change, its weight not in it
     * @param weight how much of the adapter is wanted
     * @param factors magnitude by norm, for each row or column of the tensor
     * @param byRow which of the two
     */
    record Dora(Factors delta, double weight, float[] factors, boolean byRow) {}

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
            if (doras.isEmpty()) {
                plain.add(kernels, row, rows, col, col + n, dst, at + done, spare);
            } else {
                for (int i = 0; i < rows; i++) {
                    dora(kernels, row + i, col, col + n, dst, at + done + i * n, spare);
                }
            }
            done += rows * n;
        }
    }

    private void dora(
            Kernels kernels, long row, int from, int to, float[] dst, int at, float[][] spare) {
        int n = to - from;
        float[] base = Arrays.copyOfRange(dst, at, at + n);
        Dora only = doras.get(0);
        if (doras.size() == 1 && plain.rank() == 0 && only.weight == 1) {
            float[] changed = changed(kernels, only, row, from, to, base, spare);
            System.arraycopy(changed, 0, dst, at, n);
            return;
        }
        float[] sum = new float[n];
        plain.add(kernels, row, 1, from, to, sum, 0, spare);
        for (Dora dora : doras) {
            float[] alone = changed(kernels, dora, row, from, to, base, spare);
            float weight = (float) dora.weight;
            for (int j = 0; j < n; j++) {
                sum[j] += weight * (alone[j] - base[j]);
            }
        }
        kernels.add(base, sum, sum, n);
        System.arraycopy(sum, 0, dst, at, n);
    }

    /** What one DoRA adapter alone makes of the base's values in a part of a row. */
    private static float[] changed(
            Kernels kernels, Dora dora, long row, int from, int to, float[] base, float[][] spare) {
        float[] changed = new float[to - from];
        dora.delta.add(kernels, row, 1, from, to, changed, 0, spare);
        for (int j = 0; j < changed.length; j++) {
            float factor = dora.factors[dora.byRow ? (int) row : from + j];
            changed[j] = factor * (base[j] + changed[j]);
        }
        return changed;
    }
}
