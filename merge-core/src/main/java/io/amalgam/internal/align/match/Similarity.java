package io.amalgam.internal.align.match;

import io.amalgam.checkpoint.Preparation.Context;
import io.amalgam.internal.linalg.Dense;
import io.amalgam.internal.linalg.Matrix;
import java.io.IOException;

/**
 * Inner products of the units of two models: {@code c[i][j] = sum over features of a[i] b[j]}, in
 * float64. Each number is summed in the order of the features, so threads do not change a bit.
 */
public final class Similarity {
    private static final int ROWS = 16;
    private static final int UNROLLED = 4;

    /** Multiplications from which on a BLAS is loaded. */
    private static final long LARGE = 1L << 26;

    /** Rows whose products a worker holds at a time. */
    private static final int TILE = 512;

    private final int rows;
    private final int columns;
    private final double[] values;

    public Similarity(int rows, int columns) {
        this.rows = rows;
        this.columns = columns;
        this.values = new double[Math.multiplyExact(rows, columns)];
    }

    /** Memory that a worker holds beside the products themselves. */
    public static long bytesPerWorker(int columns) {
        return 2L * TILE * columns * Double.BYTES;
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
        if ((long) rows * columns * features > LARGE) {
            Matrix all = new Matrix(features, columns, wide);
            int tiles = (rows + TILE - 1) / TILE;
            context.forRanges(
                    tiles,
                    1,
                    (from, to, workspace) -> {
                        for (int tile = from; tile < to; tile++) {
                            addTile(tile * TILE, Math.min(rows, (tile + 1) * TILE), a, all);
                        }
                    });
            return;
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

    private void addTile(int from, int to, float[] a, Matrix b) {
        Matrix part = Matrix.zeros(b.rows(), to - from);
        for (int k = 0; k < b.rows(); k++) {
            for (int i = from; i < to; i++) {
                part.set(k, i - from, a[k * rows + i]);
            }
        }
        Matrix product = Dense.transposedProduct(part, b);
        for (int i = from; i < to; i++) {
            int row = i * columns;
            for (int j = 0; j < columns; j++) {
                values[row + j] += product.get(i - from, j);
            }
        }
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
