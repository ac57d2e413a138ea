package io.amalgam.internal.method.builtin;

import io.amalgam.internal.linalg.Dense;
import io.amalgam.internal.linalg.Matrix;
import io.amalgam.internal.linalg.Svd;
import io.amalgam.internal.method.matrix.JoinedVectors;
import io.amalgam.internal.method.matrix.MatrixLayout;
import io.amalgam.internal.method.matrix.MatrixMethod;
import io.amalgam.internal.method.matrix.MatrixParameters;
import io.amalgam.internal.method.matrix.TaskVectors;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.TensorCall;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * {@link IsoC} with room for what only one task has: the last directions of the sum are replaced by
 * the first ones of each task outside of the sum's, all are made orthogonal, and get one singular
 * value, the mean.
 */
public final class IsoCts extends MatrixMethod {
    public IsoCts() {
        super(
                new MethodInfo(
                        "iso_cts",
                        "as iso_c, with the last directions of the sum replaced by each task's own",
                        "base + alpha * mean(S) * polar([U'_1 .. U'_T, U]) polar([V'_1 .. V'_T, V])^T; U, V of the sum, U'_i, V'_i of what is left of w_i * d_i outside of U",
                        MethodInfo.Base.REQUIRED,
                        1,
                        Integer.MAX_VALUE,
                        MatrixParameters.withSides(
                                ParameterSpec.number(
                                                "common_fraction",
                                                ParameterSpec.Scope.SHARED,
                                                0.8,
                                                "share of the directions that are the sum's")
                                        .within(0, 1, "it is a share"),
                                MatrixParameters.rankTolerance()),
                        IsoC.PAPER,
                        "a matrix at a time in float64, about ten times its size"));
    }

    @Override
    protected Matrix change(TaskVectors tasks, TensorCall call) throws IOException {
        int all = tasks.smaller();
        int count = tasks.count();
        double tolerance = call.number("rank_tol");
        int fraction = (int) (all * call.number("common_fraction"));
        int own =
                (int)
                        Math.min(
                                Math.rint((all - fraction) / (double) count),
                                Math.floorDiv(all, count));
        List<Svd> parts = new ArrayList<>();
        parts.add(first(tasks.sum(), all - own * count, tolerance));
        for (int task = 0; task < count && own > 0; task++) {
            parts.add(task, outside(parts.get(task).u(), tasks.get(task), own, tolerance));
        }
        Svd joined = JoinedVectors.beside(parts);
        double mean = 0;
        for (double value : joined.s()) {
            mean += value / all;
        }
        double[] equal = new double[joined.s().length];
        Arrays.fill(equal, mean);
        return JoinedVectors.orthogonal(new Svd(joined.u(), equal, joined.v()));
    }

    private static Svd first(Matrix sum, int count, double tolerance) {
        Svd svd = Dense.top(sum, count);
        return svd.truncated(svd.rank(tolerance));
    }

    /** The first directions of a task outside of the common ones. */
    private static Svd outside(Matrix common, Matrix task, int count, double tolerance) {
        double limit = tolerance * Math.sqrt(task.squares());
        task.add(-1, Dense.product(common, Dense.transposedProduct(common, task)));
        Svd svd = Dense.top(task, count);
        // What is left of a task that the sum has whole is rounding.
        double largest = svd.s().length == 0 ? 0 : svd.s()[0];
        return svd.truncated(largest > limit ? svd.rank(limit / largest) : 0);
    }

    @Override
    protected long doubles(MatrixLayout layout, int tasks) {
        long rows = layout.rows();
        long cols = layout.cols();
        long smaller = layout.smaller();
        // The triplets so far, a task, and its part along the sum's directions.
        long projected =
                (rows + cols) * smaller
                        + layout.elements()
                        + smaller * cols
                        + Dense.productDoubles(rows, smaller, cols);
        return Math.max(JoinedVectors.doubles(layout, smaller), projected);
    }
}
