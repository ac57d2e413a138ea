package io.amalgam.internal.method.matrix;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.linalg.Matrix;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.io.IOException;
import java.util.List;
import java.util.OptionalInt;

/**
 * How the models of one matrix differ from their weighted mean, and their statistics; in float64,
 * outputs as rows. Read when asked for, and not kept but for the mean.
 */
public final class Deviations {
    /** How far a Gram matrix may be from symmetric, by its diagonal. */
    private static final double SYMMETRIC = 1e-4;

    private final TensorCall call;
    private final MatrixLayout layout;
    private final TensorStep.Reader reader;
    private final List<Integer> models;
    private final double weights;
    private final Matrix mean;

    Deviations(TensorCall call, MatrixLayout layout, TensorStep.Reader reader) throws IOException {
        this.call = call;
        this.layout = layout;
        this.reader = reader;
        this.models = call.models();
        this.weights = models.stream().mapToDouble(m -> call.number(m, "weight")).sum();
        this.mean = Matrix.zeros(layout.rows(), layout.cols());
        for (int model = 0; model < models.size(); model++) {
            mean.add(weight(model), values(model));
        }
    }

    public int count() {
        return models.size();
    }

    public int rows() {
        return layout.rows();
    }

    public int cols() {
        return layout.cols();
    }

    public TensorCall call() {
        return call;
    }

    /** A model's share; all are 1 together. */
    public double weight(int model) {
        return call.number(models.get(model), "weight") / weights;
    }

    /** The weighted mean of the models. */
    public Matrix mean() {
        return mean;
    }

    /** A model less the mean. */
    public Matrix get(int model) throws IOException {
        Matrix deviation = values(model);
        deviation.add(-1, mean);
        return deviation;
    }

    private Matrix values(int model) throws IOException {
        return layout.read(reader, models.get(model), 0);
    }

    /** Whether the models have a statistic of this matrix: all of them or none. */
    public boolean has(String name) {
        return call.statistic(models.get(0), name).isPresent();
    }

    /**
     * A model's Gram matrix, what is beside the diagonal times a factor.
     *
     * @throws BadInputException if it is not symmetric
     */
    public Matrix gram(int model, String name, double offDiagonal) throws IOException {
        OptionalInt input = call.statistic(models.get(model), name);
        int n = (int) call.shape(input.getAsInt()).dim(0);
        Matrix gram = Matrix.of(n, n, reader.whole(input.getAsInt(), Math.multiplyExact(n, n)));
        double largest = 0;
        for (int i = 0; i < n; i++) {
            largest = Math.max(largest, Math.abs(gram.get(i, i)));
        }
        for (int i = 0; i < n; i++) {
            check(gram.get(i, i) >= 0, gram.get(i, i), i, i, input.getAsInt());
            for (int j = 0; j < i; j++) {
                double a = gram.get(i, j);
                double b = gram.get(j, i);
                check(!(Math.abs(a - b) > SYMMETRIC * largest), b, j, i, input.getAsInt());
                gram.set(i, j, offDiagonal * (a + b) / 2);
                gram.set(j, i, offDiagonal * (a + b) / 2);
            }
        }
        return gram;
    }

    private void check(boolean right, double value, int i, int j, int input) {
        if (!right) {
            String what =
                    "statistic '%s.%s' of model '%s'"
                            .formatted(
                                    call.output().name(),
                                    call.inputs().get(input).part(),
                                    call.inputs().get(input).model());
            throw new BadInputException(
                    Problem.expected(
                                    what,
                                    "a symmetric matrix with a diagonal from 0 up",
                                    (float) value + " in row " + i + ", column " + j)
                            .hint("compute the statistics anew"));
        }
    }
}
