package io.amalgam.lora;

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
    private static final int CHUNK = 1024;

    /**
     * @param delta the adapter's own change, its weight not in it
     * @param weight how much of the adapter is wanted
     * @param factors magnitude by norm, for each row or column of the tensor
     * @param byRow which of the two
     */
    record Dora(Factors delta, double weight, float[] factors, boolean byRow) {}

    /** Changes {@code count} elements of the tensor, from {@code from} on. */
    void apply(long from, int count, float[] dst, int at) {
        float[] acc = new float[Math.min(CHUNK, count)];
        int cols = plain.cols();
        for (int done = 0; done < count; ) {
            long row = (from + done) / cols;
            int col = (int) ((from + done) % cols);
            int n = Math.min(Math.min(cols - col, count - done), CHUNK);
            if (doras.isEmpty()) {
                java.util.Arrays.fill(acc, 0, n, 0);
                plain.add(row, col, n, acc);
                for (int j = 0; j < n; j++) {
                    dst[at + done + j] += acc[j];
                }
            } else {
                dora(row, col, n, dst, at + done, acc);
            }
            done += n;
        }
    }

    private void dora(long row, int col, int n, float[] dst, int at, float[] acc) {
        Dora only = doras.get(0);
        if (doras.size() == 1 && plain.rank() == 0 && only.weight == 1) {
            changed(only, row, col, n, dst, at, acc);
            System.arraycopy(acc, 0, dst, at, n);
            return;
        }
        float[] sum = new float[n];
        plain.add(row, col, n, sum);
        for (Dora dora : doras) {
            changed(dora, row, col, n, dst, at, acc);
            float weight = (float) dora.weight;
            for (int j = 0; j < n; j++) {
                sum[j] += weight * (acc[j] - dst[at + j]);
            }
        }
        for (int j = 0; j < n; j++) {
            dst[at + j] += sum[j];
        }
    }

    /** What one DoRA adapter alone makes of the base's values. */
    private static void changed(
            Dora dora, long row, int col, int n, float[] base, int at, float[] acc) {
        java.util.Arrays.fill(acc, 0, n, 0);
        dora.delta.add(row, col, n, acc);
        for (int j = 0; j < n; j++) {
            float factor = dora.factors[dora.byRow ? (int) row : col + j];
            acc[j] = factor * (base[at + j] + acc[j]);
        }
    }
}
