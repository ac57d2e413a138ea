package io.amalgam.lora;

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

    /** Changes {@code count} elements of the tensor, from {@code from} on. */
    void apply(long from, int count, float[] dst, int at) {
        int cols = plain.cols();
        // Of a row's length, so that all arrays have one index: see Factors.
        float[] base = new float[cols];
        float[] acc = new float[cols];
        for (int done = 0; done < count; ) {
            long row = (from + done) / cols;
            int col = (int) ((from + done) % cols);
            int n = Math.min(cols - col, count - done);
            System.arraycopy(dst, at + done, base, col, n);
            Arrays.fill(acc, col, col + n, 0);
            if (doras.isEmpty()) {
                plain.add(row, col, col + n, acc);
                addBase(base, col, col + n, acc);
            } else {
                dora(row, col, col + n, base, acc);
            }
            System.arraycopy(acc, col, dst, at + done, n);
            done += n;
        }
    }

    private static void addBase(float[] base, int from, int to, float[] acc) {
        for (int j = from; j < to; j++) {
            acc[j] = base[j] + acc[j];
        }
    }

    private void dora(long row, int from, int to, float[] base, float[] acc) {
        Dora only = doras.get(0);
        if (doras.size() == 1 && plain.rank() == 0 && only.weight == 1) {
            changed(only, row, from, to, base, acc);
            return;
        }
        float[] alone = new float[acc.length];
        plain.add(row, from, to, acc);
        for (Dora dora : doras) {
            Arrays.fill(alone, from, to, 0);
            changed(dora, row, from, to, base, alone);
            float weight = (float) dora.weight;
            for (int j = from; j < to; j++) {
                acc[j] += weight * (alone[j] - base[j]);
            }
        }
        addBase(base, from, to, acc);
    }

    /** What one DoRA adapter alone makes of the base's values; {@code acc} is zero before. */
    private static void changed(Dora dora, long row, int from, int to, float[] base, float[] acc) {
        dora.delta.add(row, from, to, acc);
        for (int j = from; j < to; j++) {
            float factor = dora.factors[dora.byRow ? (int) row : j];
            acc[j] = factor * (base[j] + acc[j]);
        }
    }
}
