package io.amalgam.internal.method.matrix;

import io.amalgam.internal.linalg.Dense;
import io.amalgam.internal.linalg.Matrix;
import io.amalgam.internal.linalg.Svd;
import java.util.List;

/** Singular vectors of several matrices, side by side and made orthogonal. */
public final class JoinedVectors {
    /** Directions of the stacked vectors below this share belong to equal tasks. */
    private static final double SAME = 1e-9;

    private JoinedVectors() {}

    /** {@code polar([U_1 .. U_T]) diag(s) polar([V_1 .. V_T])^T}. */
    public static Matrix orthogonal(Svd all) {
        return Dense.orthogonalProduct(all, SAME);
    }

    /** The triplets of all; the list is empty afterwards. */
    public static Svd beside(List<Svd> parts) {
        Svd all = Svd.beside(parts);
        parts.clear();
        return all;
    }

    /**
     * The most doubles held by a method that decomposes the tasks one after the other, keeps no
     * more triplets of all together than the matrix has, and joins them.
     *
     * @param before the most triplets of all but the last
     */
    public static long doubles(MatrixLayout layout, long before) {
        long vectors = (layout.rows() + (long) layout.cols()) * before;
        // A task, and the triplets of those before it.
        long lastTask =
                vectors + layout.elements() + Dense.svdDoubles(layout.rows(), layout.cols());
        return Math.max(
                lastTask,
                Dense.orthogonalProductDoubles(layout.rows(), layout.cols(), layout.smaller()));
    }
}
