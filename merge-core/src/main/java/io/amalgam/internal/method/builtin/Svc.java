package io.amalgam.internal.method.builtin;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.linalg.Dense;
import io.amalgam.internal.linalg.Matrix;
import io.amalgam.internal.linalg.Svd;
import io.amalgam.internal.method.matrix.MatrixLayout;
import io.amalgam.internal.method.matrix.MatrixMethod;
import io.amalgam.internal.method.matrix.MatrixParameters;
import io.amalgam.internal.method.matrix.TaskVectors;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.ParameterSpec.Scope;
import io.amalgam.method.TensorCall;
import io.amalgam.method.TensorStep;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Calibrates what another method merged: a singular value of the merged change is divided by how
 * far it overshoots the tasks along its direction, at least {@code alpha}. Everything but matrices
 * stays as it was merged.
 *
 * <p>"When Shared Knowledge Hurts: Spectral Over-Accumulation in Model Merging", 2026, <a
 * href="https://arxiv.org/abs/2602.05536">arXiv 2602.05536</a>.
 */
public final class Svc implements MergeMethod {
    private static final double TINY = 1e-12;

    private static final MethodInfo INFO =
            new MethodInfo(
                    "svc",
                    "divides the singular values of a merged change by how far they overshoot the tasks",
                    "base + U diag(S_r / mean_i max(alpha, s_ri)) V^T, U S V^T = merged - base, s_ri = <a_r, u_r^T d_i> / |u_r^T d_i|^2, a_r = S_r v_r^T",
                    MethodInfo.Base.REQUIRED,
                    2,
                    Integer.MAX_VALUE,
                    List.of(
                            new ParameterSpec(
                                    "merged",
                                    Scope.PER_MODEL,
                                    ParameterSpec.Kind.BOOLEAN,
                                    Optional.of(false),
                                    false,
                                    false,
                                    Optional.empty(),
                                    "true for the one model that is calibrated"),
                            ParameterSpec.optional(
                                            "alpha",
                                            Scope.SHARED,
                                            false,
                                            "least divisor of a singular value, as of one task; unset: 1 / tasks")
                                    .atLeast(0, "it is a divisor"),
                            ParameterSpec.flag(
                                    "only_shrink", false, "no singular value is made larger"),
                            MatrixParameters.exclude(),
                            MatrixParameters.transposed()),
                    new MethodInfo.Paper(
                            "When Shared Knowledge Hurts: Spectral Over-Accumulation in Model Merging",
                            "https://arxiv.org/abs/2602.05536"),
                    "a matrix at a time in float64, about eight times its size");

    @Override
    public MethodInfo info() {
        return INFO;
    }

    @Override
    public TensorStep bind(TensorCall call) {
        List<Integer> merged =
                call.models().stream()
                        .filter(
                                i ->
                                        Boolean.TRUE.equals(
                                                call.inputs().get(i).values().get("merged")))
                        .toList();
        if (merged.size() != 1) {
            throw new BadInputException(
                    Problem.expected("models with 'merged: true'", "exactly one", merged.size())
                            .hint(
                                    "'svc' calibrates one merged model by the models it was made of"));
        }
        int input = merged.get(0);
        Optional<MatrixLayout> layout = MatrixParameters.layout(call);
        return layout.isEmpty()
                ? new TensorStep.Copy(input)
                : MatrixMethod.step(
                        call,
                        layout.get(),
                        1,
                        tasks -> calibrated(tasks, call, input),
                        doubles(layout.get()));
    }

    private static Matrix calibrated(TaskVectors tasks, TensorCall call, int merged)
            throws IOException {
        Svd svd = Dense.svd(tasks.difference(merged, 1));
        int others = tasks.count() - 1;
        double least = alpha(call, others);
        double[] divisors = new double[svd.s().length];
        for (int t = 0; t < tasks.count(); t++) {
            if (tasks.input(t) == merged) {
                continue;
            }
            Matrix rows = Dense.transposedProduct(svd.u(), tasks.difference(tasks.input(t), 1));
            for (int r = 0; r < divisors.length; r++) {
                double product = 0;
                double square = 0;
                for (int j = 0; j < rows.cols(); j++) {
                    double own = rows.get(r, j);
                    product += svd.s()[r] * svd.v().get(j, r) * own;
                    square += own * own;
                }
                divisors[r] += Math.max(least, product / Math.max(square, TINY)) / others;
            }
        }
        double[] calibrated = new double[divisors.length];
        for (int r = 0; r < divisors.length; r++) {
            double divisor = call.flag("only_shrink") ? Math.max(1, divisors[r]) : divisors[r];
            calibrated[r] = divisor == 0 ? 0 : svd.s()[r] / divisor;
        }
        svd.u().scaleColumns(calibrated);
        return Dense.productTransposed(svd.u(), svd.v());
    }

    private static double alpha(TensorCall call, int tasks) {
        Object set = call.shared().get("alpha");
        return set == null ? 1.0 / tasks : (Double) set;
    }

    private static long doubles(MatrixLayout layout) {
        long rows = layout.rows();
        long cols = layout.cols();
        long smaller = layout.smaller();
        long vectors = (rows + cols) * smaller;
        // The vectors, the rows of the model before, and those of a model.
        long models =
                vectors + smaller * cols + rows * cols + Dense.productDoubles(smaller, rows, cols);
        return Math.max(rows * cols + Dense.svdDoubles(rows, cols), models);
    }
}
