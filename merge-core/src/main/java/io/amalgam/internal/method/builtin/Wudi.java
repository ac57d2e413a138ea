package io.amalgam.internal.method.builtin;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.linalg.Dense;
import io.amalgam.internal.linalg.Matrix;
import io.amalgam.internal.method.matrix.MatrixLayout;
import io.amalgam.internal.method.matrix.MatrixMethod;
import io.amalgam.internal.method.matrix.MatrixParameters;
import io.amalgam.internal.method.matrix.TaskVectors;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.ParameterSpec.Scope;
import io.amalgam.method.TensorCall;
import java.io.IOException;
import java.util.Optional;

/**
 * The change that differs from the task vectors least where they act: least {@code sum |(D - d_t)
 * d_t^T|^2 / |d_t|^2}.
 *
 * <p>The minimum has a closed form. The authors take some steps of Adam from the sum instead, which
 * move an element by no more than steps times step size.
 *
 * <p>Cheng et al. 2025, "Whoever Started the Interference Should End It: Guiding Data-Free Model
 * Merging via Task Vectors", <a href="https://arxiv.org/abs/2503.08099">arXiv 2503.08099</a>.
 */
public final class Wudi extends MatrixMethod {
    public Wudi() {
        super(
                new MethodInfo(
                        "wudi",
                        "finds the change that interferes least with the task vectors",
                        "base + alpha * D of least sum(|(D - w_i d_i) (w_i d_i)^T|^2 / |w_i d_i|^2)",
                        MethodInfo.Base.REQUIRED,
                        1,
                        Integer.MAX_VALUE,
                        MatrixParameters.withSides(
                                ParameterSpec.text(
                                        "solver",
                                        "closed",
                                        "closed: the minimum itself; adam: the authors' steps towards it, from the sum"),
                                ParameterSpec.number(
                                                "ridge",
                                                Scope.SHARED,
                                                0.1,
                                                "of the closed form: share of the mean diagonal that is added to it")
                                        .atLeast(0, "it keeps the system solvable")
                                        .onlyWith("solver", "closed"),
                                ParameterSpec.integer("steps", 300, "of adam")
                                        .within(0, 1_000_000, "it counts steps")
                                        .onlyWith("solver", "adam"),
                                ParameterSpec.number("learning_rate", Scope.SHARED, 1e-5, "of adam")
                                        .atLeast(0, "it is the largest move of a step")
                                        .onlyWith("solver", "adam")),
                        new MethodInfo.Paper(
                                "Whoever Started the Interference Should End It: Guiding Data-Free Model Merging via Task Vectors",
                                "https://arxiv.org/abs/2503.08099"),
                        "a matrix at a time in float64, up to eight times its size and seven times its inputs squared"));
    }

    private static boolean isClosed(TensorCall call) {
        return switch (call.text("solver")) {
            case "closed" -> true;
            case "adam" -> false;
            default ->
                    throw new BadInputException(
                            Problem.expected(
                                    "parameter 'solver'",
                                    "'closed' or 'adam'",
                                    "'" + call.text("solver") + "'"));
        };
    }

    @Override
    protected void check(TensorCall call) {
        isClosed(call);
    }

    @Override
    protected Matrix change(TaskVectors tasks, TensorCall call) throws IOException {
        return isClosed(call)
                ? closed(tasks, call.number("ridge"))
                : adam(tasks, (int) call.number("steps"), call.number("learning_rate"));
    }

    private static Matrix closed(TaskVectors tasks, double ridge) throws IOException {
        Matrix products = Matrix.zeros(tasks.rows(), tasks.cols());
        Matrix moments = Matrix.zeros(tasks.cols(), tasks.cols());
        for (int t = 0; t < tasks.count(); t++) {
            Matrix change = tasks.get(t);
            double size = change.squares();
            if (size > 0) {
                Matrix moment = Dense.transposedProduct(change, change);
                moment.scale(1 / size);
                products.add(1, Dense.product(change, moment));
                moments.add(1, moment);
            }
        }
        if (moments.trace() == 0) {
            return products;
        }
        moments.addToDiagonal(ridge * moments.trace() / tasks.cols());
        Optional<Matrix> divided = divided(products, moments);
        return divided.isPresent() ? divided.get() : Dense.pseudoDivided(products, moments);
    }

    /** Nothing, and nothing held, if the moments are not positive definite. */
    private static Optional<Matrix> divided(Matrix products, Matrix moments) {
        Matrix divided = products.copy();
        return Dense.divideByPositive(divided, moments.copy())
                ? Optional.of(divided)
                : Optional.empty();
    }

    /**
     * The gradient at D is that at the sum plus {@code 2 (D - sum) P}, P the moments: one product a
     * step.
     */
    private static Matrix adam(TaskVectors tasks, int steps, double rate) throws IOException {
        Matrix sum = tasks.sum();
        Matrix moments = Matrix.zeros(tasks.cols(), tasks.cols());
        Matrix start = Matrix.zeros(tasks.rows(), tasks.cols());
        for (int t = 0; t < tasks.count(); t++) {
            Matrix change = tasks.get(t);
            double size = change.squares();
            if (size > 0) {
                Matrix moment = Dense.transposedProduct(change, change);
                moment.scale(1 / size);
                Matrix others = sum.copy();
                others.add(-1, change);
                start.add(2, Dense.product(others, moment));
                moments.add(2, moment);
            }
        }
        AdamSteps adam = new AdamSteps(tasks.rows(), tasks.cols(), rate);
        for (int step = 1; step <= steps; step++) {
            Matrix gradient = Dense.product(adam.moved(), moments);
            gradient.add(1, start);
            adam.step(gradient);
        }
        sum.add(1, adam.moved());
        return sum;
    }

    @Override
    protected long doubles(MatrixLayout layout, int tasks) {
        long square = (long) layout.cols() * layout.cols();
        long solved =
                2L * layout.elements() + square + Dense.svdDoubles(layout.cols(), layout.cols());
        return Math.max(8L * layout.elements() + 4 * square, solved);
    }
}
