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
import io.amalgam.method.TensorCall;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Task singular vectors, decorrelated: each task keeps its first {@code min(m, n) / T} singular
 * triplets; the left vectors of all tasks are replaced by the nearest orthonormal ones, and so are
 * the right ones.
 *
 * <p>A task of lower rank gives fewer triplets: the others of a decomposition are arbitrary, and
 * would change the result. With more tasks than rows or columns the mean is taken.
 *
 * <p>Gargiulo et al. 2024, "Task Singular Vectors: Reducing Task Interference in Model Merging", <a
 * href="https://arxiv.org/abs/2412.00081">arXiv 2412.00081</a>.
 */
public final class TsvM extends MatrixMethod {
    public TsvM() {
        super(
                new MethodInfo(
                        "tsv_m",
                        "keeps each task's first singular vectors and makes those of all tasks orthogonal",
                        "base + alpha * polar([U_1 .. U_T]) diag(S_1 .. S_T) polar([V_1 .. V_T])^T, first min(m, n) / T triplets of each w_i * d_i",
                        MethodInfo.Base.REQUIRED,
                        1,
                        Integer.MAX_VALUE,
                        MatrixParameters.with(MatrixParameters.rankTolerance()),
                        new MethodInfo.Paper(
                                "Task Singular Vectors: Reducing Task Interference in Model Merging",
                                "https://arxiv.org/abs/2412.00081"),
                        "a matrix at a time in float64, about ten times its size"));
    }

    @Override
    protected Matrix change(TaskVectors tasks, TensorCall call) throws IOException {
        int kept = tasks.smaller() / tasks.count();
        if (tasks.count() == 1) {
            return tasks.get(0);
        }
        if (kept == 0) {
            return tasks.sum().scaled(1.0 / tasks.count());
        }
        List<Svd> parts = new ArrayList<>();
        for (int task = 0; task < tasks.count(); task++) {
            parts.add(first(tasks.get(task), kept, call.number("rank_tol")));
        }
        return JoinedVectors.orthogonal(JoinedVectors.beside(parts));
    }

    private static Svd first(Matrix task, int kept, double tolerance) {
        Svd svd = Dense.top(task, kept);
        return svd.truncated(svd.rank(tolerance));
    }

    @Override
    protected long doubles(MatrixLayout layout, int tasks) {
        return JoinedVectors.doubles(layout, layout.smaller() / tasks * (tasks - 1L));
    }
}
