package io.amalgam.internal.align.match;

import io.amalgam.checkpoint.Preparation.Context;
import java.io.IOException;

/**
 * Inner products of the units of two models: {@code c[i][j] = sum over features of a[i] b[j]}, in
 * float64. Each number is summed in the order of the features, so threads do not change a bit.
 */
public final class Similarity {
    private static final int ROWS = 16;
    private static final int UNROLLED = 4;

    private final int rows;
    private final int columns;
    private final double[] values;

    public Similarity(int rows, int columns) {
        this.rows = rows;
        this.columns = columns;
        this.values = new double[Math.multiplyExact(rows, columns)];
    }

    /** The inner products, row-major. */
    public double[] values() {
        return values;
    }

    public double get(int row, int column) {
        return values[row * columns + column];
    }

    /**
     * Adds some features.
     *
     * @param a one feature of all rows behind another
     * @param b the same of all columns
     */
    public void add(float[] a, float[] b, int features, Context context) throws IOException {
        double[] wide = new double[features * columns];
        for (int i = 0; i < wide.length; i++) {
            wide[i] = b[i];
        }
        context.forRanges(
                rows,
                ROWS,
                (from, to, workspace) -> {
                    for (int i = from; i < to; i++) {
                        addRow(i, a, wide, features);
                    }
                });
    }

    private void addRow(int i, float[] a, double[] b, int features) {
        int row = i * columns;
        int k = 0;
        for (; k + UNROLLED <= features; k += UNROLLED) {
            four(
                    a[k * rows + i],
                    a[(k + 1) * rows + i],
                    a[(k + 2) * rows + i],
                    a[(k + 3) * rows + i],
                    b,
                    k * columns,
                    row);
        }
        for (; k < features; k++) {
            double x = a[k * rows + i];
            int at = k * columns;
            for (int j = 0; j < columns; j++) {
                values[row + j] += x * b[at + j];
            }
        }
    }

    private void four(double w, double x, double y, double z, double[] b, int at, int row) {
        int second = at + columns;
        int third = second + columns;
        int fourth = third + columns;
        for (int j = 0; j < columns; j++) {
            values[row + j] +=
                    w * b[at + j] + x * b[second + j] + y * b[third + j] + z * b[fourth + j];
        }
    }
}
