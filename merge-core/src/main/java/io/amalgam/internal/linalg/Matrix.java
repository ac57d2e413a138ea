package io.amalgam.internal.linalg;

import java.util.List;

/**
 * A dense matrix of float64, row-major. Every sum here runs in one fixed order, so results are the
 * same on every machine; large ones are multiplied by {@link Dense}. Operations give new matrices
 * unless they say otherwise.
 */
public final class Matrix {
    private final int rows;
    private final int cols;
    private final double[] values;

    /**
     * @param values row-major; not copied
     */
    public Matrix(int rows, int cols, double[] values) {
        if (values.length != Math.multiplyExact(rows, cols)) {
            throw new IllegalArgumentException(
                    values.length + " values for " + rows + " x " + cols);
        }
        this.rows = rows;
        this.cols = cols;
        this.values = values;
    }

    public static Matrix zeros(int rows, int cols) {
        int count = Math.multiplyExact(rows, cols);
        MatrixMemory.heap((long) count * Double.BYTES);
        return new Matrix(rows, cols, new double[count]);
    }

    /** Row-major float32 values, widened. */
    public static Matrix of(int rows, int cols, float[] values) {
        Matrix matrix = zeros(rows, cols);
        for (int i = 0; i < matrix.values.length; i++) {
            matrix.values[i] = values[i];
        }
        return matrix;
    }

    public int rows() {
        return rows;
    }

    public int cols() {
        return cols;
    }

    public double get(int row, int col) {
        return values[row * cols + col];
    }

    public void set(int row, int col, double value) {
        values[row * cols + col] = value;
    }

    /** The row-major values themselves. */
    double[] values() {
        return values;
    }

    /** Row-major values, each rounded once. */
    public float[] floats() {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    /** The product; each element is summed from the first inner index to the last. */
    public Matrix times(Matrix right) {
        if (cols != right.rows) {
            throw new IllegalArgumentException(cols + " columns times " + right.rows + " rows");
        }
        Matrix product = zeros(rows, right.cols);
        double[] out = product.values;
        int n = right.cols;
        for (int i = 0; i < rows; i++) {
            int row = i * n;
            for (int k = 0; k < cols; k++) {
                double factor = values[i * cols + k];
                int from = k * n;
                for (int j = 0; j < n; j++) {
                    out[row + j] += factor * right.values[from + j];
                }
            }
        }
        return product;
    }

    public Matrix transpose() {
        Matrix flipped = zeros(cols, rows);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < cols; j++) {
                flipped.values[j * rows + i] = values[i * cols + j];
            }
        }
        return flipped;
    }

    public Matrix scaled(double factor) {
        Matrix scaled = copy();
        scaled.scale(factor);
        return scaled;
    }

    /** Multiplies all by a factor, in place. */
    public void scale(double factor) {
        for (int i = 0; i < values.length; i++) {
            values[i] *= factor;
        }
    }

    /** Each column times a factor of its own. */
    public Matrix scaledColumns(double... factors) {
        Matrix scaled = copy();
        scaled.scaleColumns(factors);
        return scaled;
    }

    /** Each row times a factor of its own. */
    public Matrix scaledRows(double... factors) {
        Matrix scaled = copy();
        for (int i = 0; i < values.length; i++) {
            scaled.values[i] *= factors[i / cols];
        }
        return scaled;
    }

    /** Multiplies each column by a factor of its own, in place. */
    public void scaleColumns(double... factors) {
        for (int i = 0; i < values.length; i += cols) {
            for (int j = 0; j < cols; j++) {
                values[i + j] *= factors[j];
            }
        }
    }

    /** Puts the last column first, in place. */
    void reverseColumns() {
        for (int i = 0; i < values.length; i += cols) {
            for (int j = 0; j < cols / 2; j++) {
                double first = values[i + j];
                values[i + j] = values[i + cols - 1 - j];
                values[i + cols - 1 - j] = first;
            }
        }
    }

    /** Adds a multiple of another matrix to this one, in place. */
    public void add(double factor, Matrix other) {
        for (int i = 0; i < values.length; i++) {
            values[i] += factor * other.values[i];
        }
    }

    /** A matrix of the same values that may be changed. */
    public Matrix copy() {
        Matrix copy = zeros(rows, cols);
        System.arraycopy(values, 0, copy.values, 0, values.length);
        return copy;
    }

    /** Adds the same to each element of the diagonal, in place. */
    public void addToDiagonal(double value) {
        for (int i = 0; i < Math.min(rows, cols); i++) {
            values[i * cols + i] += value;
        }
    }

    /** The sum of the diagonal. */
    public double trace() {
        double sum = 0;
        for (int i = 0; i < Math.min(rows, cols); i++) {
            sum += values[i * cols + i];
        }
        return sum;
    }

    /** Columns {@code from} to {@code to}, the latter excluded. */
    public Matrix columns(int from, int to) {
        Matrix part = zeros(rows, to - from);
        for (int i = 0; i < rows; i++) {
            System.arraycopy(values, i * cols + from, part.values, i * part.cols, to - from);
        }
        return part;
    }

    /** Rows {@code from} to {@code to}, the latter excluded. */
    public Matrix rows(int from, int to) {
        Matrix part = zeros(to - from, cols);
        System.arraycopy(values, from * cols, part.values, 0, part.values.length);
        return part;
    }

    /** Matrices of as many rows, side by side. */
    public static Matrix beside(List<Matrix> parts) {
        int cols = parts.stream().mapToInt(Matrix::cols).sum();
        Matrix all = zeros(parts.get(0).rows, cols);
        int at = 0;
        for (Matrix part : parts) {
            for (int i = 0; i < all.rows; i++) {
                System.arraycopy(part.values, i * part.cols, all.values, i * cols + at, part.cols);
            }
            at += part.cols;
        }
        return all;
    }

    /** Matrices of as many columns, one above the other. */
    public static Matrix above(List<Matrix> parts) {
        int rows = parts.stream().mapToInt(Matrix::rows).sum();
        Matrix all = zeros(rows, parts.get(0).cols);
        int at = 0;
        for (Matrix part : parts) {
            System.arraycopy(part.values, 0, all.values, at, part.values.length);
            at += part.values.length;
        }
        return all;
    }

    /** The sum of the products of equal places. */
    public double dot(Matrix other) {
        return FixedOrderSums.dot(values, 0, other.values, 0, values.length);
    }

    /** The sum of all squares. */
    public double squares() {
        double sum = 0;
        for (double value : values) {
            sum += value * value;
        }
        return sum;
    }
}
