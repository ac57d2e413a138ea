package io.amalgam.internal.method.matrix;

import io.amalgam.internal.linalg.Matrix;
import io.amalgam.method.TensorStep;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * How a tensor is one or several matrices, whose rows are a layer's outputs and columns its inputs.
 * Kernels of a convolution are laid out along a row. Fused experts are one matrix each.
 *
 * @param count of matrices, one after the other
 * @param transposed whether the tensor has them as {@code in x out}
 */
public record MatrixLayout(int count, int rows, int cols, boolean transposed) {
    /** What every Java can make an array of. */
    private static final long LARGEST = Integer.MAX_VALUE - 8;

    private static final Set<String> CONV1D = Set.of("c_attn", "c_proj", "c_fc", "q_attn");
    private static final Pattern OF_LAYER = Pattern.compile("(^|\\.)h\\.\\d+\\.");

    /** Empty for tensors of fewer than two dimensions, without elements, or too large. */
    public static Optional<MatrixLayout> of(TensorInfo tensor, Optional<String> transposed) {
        Shape shape = tensor.shape();
        if (shape.rank() < 2 || tensor.elements() == 0) {
            return Optional.empty();
        }
        long count = shape.rank() == 3 && tensor.name().contains("experts") ? shape.dim(0) : 1;
        long rows = count > 1 || isOneExpert(tensor) ? shape.dim(1) : shape.dim(0);
        long cols = tensor.elements() / count / rows;
        if (rows * cols > LARGEST || count > LARGEST) {
            return Optional.empty();
        }
        boolean flip =
                transposed.isPresent()
                        ? names(transposed.get()).stream().anyMatch(tensor.name()::contains)
                        : isConv1d(tensor);
        return Optional.of(
                flip
                        ? new MatrixLayout((int) count, (int) cols, (int) rows, true)
                        : new MatrixLayout((int) count, (int) rows, (int) cols, false));
    }

    private static boolean isOneExpert(TensorInfo tensor) {
        Shape shape = tensor.shape();
        return shape.rank() == 3 && shape.dim(0) == 1 && tensor.name().contains("experts");
    }

    /**
     * Whether it is one of GPT-2's, by name and by which side is longer. Others have the same names
     * for ordinary matrices; a square one is taken for GPT-2's.
     */
    private static boolean isConv1d(TensorInfo tensor) {
        String[] parts = tensor.name().split("\\.", -1);
        String owner = parts.length < 2 ? "" : parts[parts.length - 2];
        if (tensor.shape().rank() != 2
                || !CONV1D.contains(owner)
                || !OF_LAYER.matcher(tensor.name()).find()) {
            return false;
        }
        long first = tensor.shape().dim(0);
        long second = tensor.shape().dim(1);
        return owner.equals("c_proj") ? first >= second : first <= second;
    }

    /** Words separated by commas. */
    public static List<String> names(String text) {
        return List.of(text.split(",", -1)).stream()
                .map(String::strip)
                .filter(name -> !name.isEmpty())
                .toList();
    }

    public int elements() {
        return rows * cols;
    }

    public int smaller() {
        return Math.min(rows, cols);
    }

    /** Where a matrix has an element that is stored in this place. */
    int place(int stored) {
        return transposed ? stored % rows * cols + stored / rows : stored;
    }

    /** One of a tensor's matrices, of one input. */
    Matrix read(TensorStep.Reader reader, int input, int slice) throws IOException {
        Matrix matrix = Matrix.zeros(rows, cols);
        each(reader, input, slice, matrix::set);
        return matrix;
    }

    /** A factor of the difference between two inputs, one matrix in memory. */
    Matrix difference(TensorStep.Reader reader, int input, int base, int slice, double factor)
            throws IOException {
        Matrix matrix = read(reader, input, slice);
        each(
                reader,
                base,
                slice,
                (row, col, value) -> matrix.set(row, col, factor * (matrix.get(row, col) - value)));
        return matrix;
    }

    private void each(TensorStep.Reader reader, int input, int slice, Element use)
            throws IOException {
        float[] piece = new float[Math.min(reader.capacity(), elements())];
        long start = (long) slice * elements();
        for (int from = 0; from < elements(); from += piece.length) {
            int n = Math.min(piece.length, elements() - from);
            reader.read(input, start + from, n, piece, 0);
            for (int i = 0; i < n; i++) {
                int place = place(from + i);
                use.at(place / cols, place % cols, piece[i]);
            }
        }
    }

    /**
     * Writes one of a tensor's matrices, each element from what an input has there.
     *
     * @param input negative for none: 0 everywhere
     */
    void write(
            TensorStep.Reader reader, TensorStep.Writer writer, int input, int slice, Result result)
            throws IOException {
        float[] piece = new float[Math.min(reader.capacity(), elements())];
        long start = (long) slice * elements();
        for (int from = 0; from < elements(); from += piece.length) {
            int n = Math.min(piece.length, elements() - from);
            if (input >= 0) {
                reader.read(input, start + from, n, piece, 0);
            }
            for (int i = 0; i < n; i++) {
                int place = place(from + i);
                double there = input >= 0 ? piece[i] : 0;
                piece[i] = (float) result.of(place / cols, place % cols, there);
            }
            writer.write(start + from, piece, n);
        }
    }

    /** An element of a result, given that of an input. */
    interface Result {
        double of(int row, int col, double there);
    }

    private interface Element {
        void at(int row, int col, double value);
    }
}
