package io.amalgam.internal.method.builtin;

import io.amalgam.internal.linalg.Dense;
import io.amalgam.internal.linalg.Matrix;
import io.amalgam.internal.method.matrix.MatrixLayout;
import io.amalgam.internal.method.matrix.MatrixMethod;
import io.amalgam.internal.method.matrix.MatrixParameters;
import io.amalgam.internal.method.matrix.TaskVectors;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.TensorCall;
import java.io.IOException;

/**
 * The sum of the task vectors with all singular values set to their mean. The mean is over {@code
 * min(m, n)} values; directions that no task has, whose vectors would be arbitrary, stay empty.
 *
 * <p>Where the sum has full rank its polar factor is all that is needed: no singular vectors.
 *
 * <p>Marczak et al. 2025, "No Task Left Behind: Isotropic Model Merging with Common and
 * Task-Specific Subspaces", <a href="https://arxiv.org/abs/2502.04959">arXiv 2502.04959</a>.
 */
public final class IsoC extends MatrixMethod {
    static final MethodInfo.Paper PAPER =
            new MethodInfo.Paper(
                    "No Task Left Behind: Isotropic Model Merging with Common and Task-Specific Subspaces",
                    "https://arxiv.org/abs/2502.04959");

    public IsoC() {
        super(
                new MethodInfo(
                        "iso_c",
                        "sets all singular values of the summed task vectors to their mean",
                        "base + alpha * mean(S) * U V^T, U S V^T = sum(w_i * d_i)",
                        MethodInfo.Base.REQUIRED,
                        1,
                        Integer.MAX_VALUE,
                        MatrixParameters.with(MatrixParameters.rankTolerance()),
                        PAPER,
                        "a matrix at a time in float64, about eight times its size"));
    }

    @Override
    protected Matrix change(TaskVectors tasks, TensorCall call) throws IOException {
        Dense.Polar polar = Dense.polar(tasks.sum(), call.number("rank_tol"));
        polar.factor().scale(polar.sum() / tasks.smaller());
        return polar.factor();
    }

    @Override
    protected long doubles(MatrixLayout layout, int tasks) {
        return layout.elements() + Dense.svdDoubles(layout.rows(), layout.cols());
    }
}
