package io.amalgam.internal.linalg;

import java.nio.DoubleBuffer;
import java.util.function.DoubleUnaryOperator;
import org.bytedeco.javacpp.DoublePointer;

/**
 * Doubles outside of Java's heap, where LAPACK uses them in place. An array of Java's would be
 * copied for each call, and stay until it is collected; this is free when it is closed.
 */
final class NativeDoubles implements AutoCloseable {
    /** Elements that are copied at a time. */
    private static final int PIECE = 1 << 20;

    private final long count;
    private final MatrixMemory.Outside memory;
    private final DoublePointer values;
    private boolean open = true;

    private NativeDoubles(long count) {
        this.count = count;
        this.memory = MatrixMemory.outside(count * Double.BYTES);
        this.values = new DoublePointer(Math.max(1, count));
    }

    /** Of undefined values. */
    static NativeDoubles of(long count) {
        return new NativeDoubles(count);
    }

    /** The row-major values of a matrix. */
    static NativeDoubles of(Matrix matrix) {
        double[] values = matrix.values();
        NativeDoubles copy = new NativeDoubles(values.length);
        for (int at = 0; at < values.length; at += PIECE) {
            int n = Math.min(PIECE, values.length - at);
            copy.piece(at, n).put(values, at, n);
        }
        return copy;
    }

    DoublePointer pointer() {
        return values;
    }

    /** From a value on. */
    DoublePointer pointer(long from) {
        return new DoublePointer(values).position(from);
    }

    private DoubleBuffer piece(long from, int n) {
        return new DoublePointer(values).position(from).limit(from + n).asBuffer();
    }

    /** Copies all to row-major values. */
    void copyTo(Matrix matrix) {
        double[] to = matrix.values();
        for (int at = 0; at < to.length; at += PIECE) {
            int n = Math.min(PIECE, to.length - at);
            piece(at, n).get(to, at, n);
        }
    }

    /** As row-major values. */
    Matrix matrix(int rows, int cols) {
        Matrix matrix = Matrix.zeros(rows, cols);
        copyTo(matrix);
        return matrix;
    }

    /** The transpose of what is stored in so many rows. */
    Matrix transposed(int rows, int cols) {
        return transposed(0, rows, cols);
    }

    /** The transpose of what is stored in so many rows, after others. */
    Matrix transposed(int from, int rows, int cols) {
        Matrix matrix = Matrix.zeros(cols, rows);
        double[] row = new double[cols];
        for (int i = 0; i < rows; i++) {
            piece((long) (from + i) * cols, cols).get(row);
            for (int j = 0; j < cols; j++) {
                matrix.set(j, i, row[j]);
            }
        }
        return matrix;
    }

    /** Multiplies each of so many rows by a factor of its own. */
    void scaleRows(double... factors) {
        int cols = Math.toIntExact(count / factors.length);
        double[] row = new double[cols];
        for (int i = 0; i < factors.length; i++) {
            double factor = factors[i];
            piece((long) i * cols, cols).get(row);
            for (int j = 0; j < cols; j++) {
                row[j] *= factor;
            }
            piece((long) i * cols, cols).put(row);
        }
    }

    /** Multiplies rows of as many values as there are factors, each value by its own. */
    void scaleWithinRows(double... factors) {
        int cols = factors.length;
        double[] row = new double[cols];
        for (long at = 0; at < count; at += cols) {
            piece(at, cols).get(row);
            for (int j = 0; j < cols; j++) {
                row[j] *= factors[j];
            }
            piece(at, cols).put(row);
        }
    }

    /** The first values. */
    double[] first(int n) {
        double[] first = new double[n];
        piece(0, n).get(first);
        return first;
    }

    /** A function of the last values, from the last of all to the first of them. */
    double[] backwards(int n, DoubleUnaryOperator function) {
        double[] last = new double[n];
        piece(count - n, n).get(last);
        double[] result = new double[n];
        for (int i = 0; i < n; i++) {
            result[i] = function.applyAsDouble(last[n - 1 - i]);
        }
        return result;
    }

    @Override
    public void close() {
        if (open) {
            open = false;
            values.deallocate();
            memory.close();
        }
    }
}
