package io.amalgam.internal.linalg;

/**
 * A large dense matrix of float32, row-major: one module's change, held while it is decomposed.
 * Products are summed in float64 in a fixed order.
 *
 * @param values not copied
 */
public record FloatMatrix(int rows, int cols, float[] values) {
    public FloatMatrix {
        if (values.length != Math.multiplyExact(rows, cols)) {
            throw new IllegalArgumentException(
                    values.length + " values for " + rows + " x " + cols);
        }
    }

    /** This times a thin matrix. */
    public Matrix times(Matrix right) {
        int n = right.cols();
        Matrix product = Matrix.zeros(rows, n);
        double[] out = product.values();
        double[] x = right.values();
        for (int i = 0; i < rows; i++) {
            for (int k = 0; k < cols; k++) {
                double factor = values[i * cols + k];
                for (int j = 0; j < n; j++) {
                    out[i * n + j] += factor * x[k * n + j];
                }
            }
        }
        return product;
    }

    /** The transpose of this times a thin matrix. */
    public Matrix transposedTimes(Matrix right) {
        int n = right.cols();
        Matrix product = Matrix.zeros(cols, n);
        double[] out = product.values();
        double[] y = right.values();
        for (int i = 0; i < rows; i++) {
            for (int k = 0; k < cols; k++) {
                double factor = values[i * cols + k];
                for (int j = 0; j < n; j++) {
                    out[k * n + j] += factor * y[i * n + j];
                }
            }
        }
        return product;
    }

    /** {@code out = this x}, for a vector. */
    void times(double[] x, double[] out) {
        for (int i = 0; i < rows; i++) {
            out[i] = FixedOrderSums.dot(values, i * cols, x, 0, cols);
        }
    }

    /** {@code out = this^T y}, for a vector. */
    void transposedTimes(double[] y, double[] out) {
        java.util.Arrays.fill(out, 0);
        for (int i = 0; i < rows; i++) {
            double factor = y[i];
            int row = i * cols;
            for (int k = 0; k < cols; k++) {
                out[k] += factor * values[row + k];
            }
        }
    }

    /** As a matrix of float64. */
    public Matrix widened() {
        return Matrix.of(rows, cols, values);
    }

    /** The sum of all squares. */
    public double squares() {
        double sum = 0;
        for (int i = 0; i < rows; i++) {
            double row = 0;
            for (int k = 0; k < cols; k++) {
                double value = values[i * cols + k];
                row += value * value;
            }
            sum += row;
        }
        return sum;
    }
}
