package io.amalgam.internal.linalg;

import io.amalgam.internal.linalg.OpenBlas.Factor;
import java.util.Arrays;
import java.util.Optional;

/**
 * Products, decompositions and solutions by LAPACK, with each matrix outside of Java's heap for no
 * longer than it is needed. A row-major matrix of Java's is its transpose there, so nothing is
 * turned around.
 */
final class LargeMatrices {
    private LargeMatrices() {}

    /** The product of two matrices, each as it is or transposed. */
    static Matrix product(Matrix a, boolean aTransposed, Matrix b, boolean bTransposed) {
        int rows = aTransposed ? a.cols() : a.rows();
        int inner = aTransposed ? a.rows() : a.cols();
        int cols = bTransposed ? b.rows() : b.cols();
        // (A B)^T = B^T A^T
        try (NativeDoubles out = NativeDoubles.of((long) rows * cols)) {
            try (NativeDoubles left = NativeDoubles.of(a);
                    NativeDoubles right = a == b ? null : NativeDoubles.of(b)) {
                OpenBlas.product(
                        new Factor(right == null ? left : right, b.cols(), bTransposed),
                        new Factor(left, a.cols(), aTransposed),
                        /* rows= */ cols,
                        inner,
                        /* cols= */ rows,
                        out);
            }
            return out.matrix(rows, cols);
        }
    }

    /** All singular values; signs are LAPACK's. */
    static Svd svd(Matrix matrix) {
        int m = matrix.rows();
        int n = matrix.cols();
        int smaller = Math.min(m, n);
        try (NativeDoubles s = NativeDoubles.of(smaller);
                NativeDoubles vTransposed = NativeDoubles.of((long) n * smaller);
                NativeDoubles u = NativeDoubles.of((long) smaller * m)) {
            try (NativeDoubles a = NativeDoubles.of(matrix)) {
                OpenBlas.svd(a, n, m, s, vTransposed, u);
            }
            return new Svd(
                    u.matrix(m, smaller), s.first(smaller), vTransposed.transposed(smaller, n));
        }
    }

    /**
     * All eigenvalues of a symmetric matrix, the largest first, and none below 0.
     *
     * @param symmetric is not changed
     */
    static double[] eigenvalues(Matrix symmetric) {
        int n = symmetric.rows();
        try (NativeDoubles a = NativeDoubles.of(symmetric);
                NativeDoubles values = NativeDoubles.of(n)) {
            OpenBlas.eigenvalues(a, n, values);
            return values.backwards(n, value -> value);
        }
    }

    /**
     * The largest singular values, from the eigenvalues of the smaller square.
     *
     * @param least share of the largest value that all must exceed, or none are given: squares lose
     *     half of the digits
     */
    static Optional<Svd> topBySquare(Matrix matrix, int count, double least) {
        int m = matrix.rows();
        int n = matrix.cols();
        int smaller = Math.min(m, n);
        boolean tall = m >= n;
        int longer = Math.max(m, n);
        try (NativeDoubles x = NativeDoubles.of(matrix);
                NativeDoubles values = NativeDoubles.of(smaller);
                NativeDoubles vectors = NativeDoubles.of((long) smaller * smaller)) {
            try (NativeDoubles square = squared(x, m, n)) {
                OpenBlas.eigen(square, smaller, count, values, vectors);
            }
            double[] s = values.backwards(count, LargeMatrices::root);
            if (!(s[count - 1] > least * s[0])) {
                return Optional.empty();
            }
            try (NativeDoubles other = NativeDoubles.of((long) count * longer)) {
                // Rows as wide as there are values: (own^T X^T), or (own^T X) of a wide matrix.
                OpenBlas.product(
                        new Factor(
                                vectors.pointer((long) smaller * (smaller - count)), smaller, true),
                        new Factor(x, n, !tall),
                        count,
                        smaller,
                        longer,
                        other);
                return Optional.of(largestFirst(vectors, other, s, smaller, longer, tall));
            }
        }
    }

    private static Svd largestFirst(
            NativeDoubles vectors,
            NativeDoubles other,
            double[] s,
            int smaller,
            int longer,
            boolean tall) {
        int count = s.length;
        Matrix near = vectors.transposed(smaller - count, count, smaller);
        Matrix far = other.matrix(longer, count);
        near.reverseColumns();
        far.reverseColumns();
        double[] inverse = new double[count];
        for (int i = 0; i < count; i++) {
            inverse[i] = 1 / s[i];
        }
        far.scaleColumns(inverse);
        return tall ? new Svd(far, s, near) : new Svd(near, s, far);
    }

    /** The upper half of the smaller of {@code X^T X} and {@code X X^T}. */
    private static NativeDoubles squared(NativeDoubles x, int m, int n) {
        int smaller = Math.min(m, n);
        NativeDoubles square = NativeDoubles.of((long) smaller * smaller);
        OpenBlas.square(new Factor(x, n, m < n), smaller, Math.max(m, n), square);
        return square;
    }

    private static double root(double square) {
        return Math.sqrt(Math.max(0, square));
    }

    /**
     * {@code X (X^T X)^(-1/2)}, or the same of a wide matrix.
     *
     * @param least share of the largest singular value that all must exceed, or nothing is given
     */
    static Optional<Dense.Polar> polarBySquare(Matrix matrix, double least) {
        int m = matrix.rows();
        int n = matrix.cols();
        int smaller = Math.min(m, n);
        try (NativeDoubles x = NativeDoubles.of(matrix);
                NativeDoubles square = squared(x, m, n)) {
            double[] s = toInverseRoot(square, smaller, least);
            if (s.length == 0) {
                return Optional.empty();
            }
            try (NativeDoubles factor = NativeDoubles.of((long) m * n)) {
                OpenBlas.symmetricProduct(square, m >= n, x, n, m, factor);
                return Optional.of(new Dense.Polar(factor.matrix(m, n), Dense.sum(s), smaller));
            }
        }
    }

    /**
     * Makes {@code A^(-1/2)} of {@code A}, n x n, upper halves.
     *
     * @return the roots of the eigenvalues, the largest first; empty if they are not all above that
     *     share of the largest, and then A is undefined
     */
    private static double[] toInverseRoot(NativeDoubles square, int n, double least) {
        try (NativeDoubles values = NativeDoubles.of(n);
                NativeDoubles vectors = NativeDoubles.of((long) n * n)) {
            OpenBlas.eigen(square, n, n, values, vectors);
            double[] s = values.backwards(n, LargeMatrices::root);
            if (!(s[n - 1] > least * s[0])) {
                return new double[0];
            }
            double[] scale = new double[n];
            for (int i = 0; i < n; i++) {
                scale[i] = 1 / Math.sqrt(s[n - 1 - i]);
            }
            vectors.scaleRows(scale);
            OpenBlas.square(new Factor(vectors, n, false), n, n, square);
            return s;
        }
    }

    /**
     * {@code polar(U) diag(s) polar(V)^T} of tall or square U and V, from their squares.
     *
     * @param least share of the largest singular value of U that all of its must exceed, and the
     *     same of V, or nothing is given
     */
    static Optional<Matrix> orthogonalProduct(Svd all, double least) {
        int m = all.u().rows();
        int n = all.v().rows();
        Optional<NativeDoubles> transposed = orthogonalTransposed(all, m, n, least);
        if (transposed.isEmpty()) {
            return Optional.empty();
        }
        try (NativeDoubles product = transposed.get()) {
            return Optional.of(product.matrix(m, n));
        }
    }

    /** The transpose of the product, column by column. */
    private static Optional<NativeDoubles> orthogonalTransposed(
            Svd all, int m, int n, double least) {
        int r = all.s().length;
        boolean tall = m >= n;
        int shorter = Math.min(m, n);
        try (NativeDoubles own = NativeDoubles.of((long) shorter * r)) {
            if (!orthogonal(tall ? all.v() : all.u(), least, own)) {
                return Optional.empty();
            }
            own.scaleWithinRows(all.s());
            try (NativeDoubles far = NativeDoubles.of(tall ? all.u() : all.v());
                    NativeDoubles square = squared(far, Math.max(m, n), r)) {
                if (toInverseRoot(square, r, least).length == 0) {
                    return Optional.empty();
                }
                // The root belongs to the longer vectors: times the shorter it is less work.
                try (NativeDoubles near = NativeDoubles.of((long) shorter * r)) {
                    OpenBlas.symmetricProduct(square, true, own, r, shorter, near);
                    NativeDoubles product = NativeDoubles.of((long) m * n);
                    OpenBlas.product(
                            new Factor(tall ? near : far, r, true),
                            new Factor(tall ? far : near, r, false),
                            n,
                            r,
                            m,
                            product);
                    return Optional.of(product);
                }
            }
        }
    }

    /** The transpose of {@code polar(X)}, column by column; false if it cannot be. */
    private static boolean orthogonal(Matrix matrix, double least, NativeDoubles factor) {
        int m = matrix.rows();
        int n = matrix.cols();
        try (NativeDoubles x = NativeDoubles.of(matrix);
                NativeDoubles square = squared(x, m, n)) {
            if (toInverseRoot(square, n, least).length == 0) {
                return false;
            }
            OpenBlas.symmetricProduct(square, true, x, n, m, factor);
            return true;
        }
    }

    /** {@code U V^T} of the singular values above a share of the largest. */
    static Dense.Polar polarBySvd(Matrix matrix, double relative) {
        int m = matrix.rows();
        int n = matrix.cols();
        int smaller = Math.min(m, n);
        try (NativeDoubles factor = NativeDoubles.of(matrix)) {
            double[] s;
            int rank;
            try (NativeDoubles values = NativeDoubles.of(smaller);
                    NativeDoubles vTransposed = NativeDoubles.of((long) n * smaller);
                    NativeDoubles u = NativeDoubles.of((long) smaller * m)) {
                OpenBlas.svd(factor, n, m, values, vTransposed, u);
                s = values.first(smaller);
                rank = Svd.rank(relative, s);
                if (rank == 0) {
                    return new Dense.Polar(Matrix.zeros(m, n), 0, 0);
                }
                OpenBlas.product(
                        new Factor(vTransposed, n, false),
                        new Factor(u, smaller, false),
                        n,
                        rank,
                        m,
                        factor);
            }
            double[] kept = Arrays.copyOf(s, rank);
            return new Dense.Polar(factor.matrix(m, n), Dense.sum(kept), rank);
        }
    }

    /**
     * {@code b a^-1} for a positive definite a; false if it is not.
     *
     * @param b gets the result
     */
    static boolean divideByPositive(Matrix b, Matrix a) {
        return divide(b, a, OpenBlas::solvePositive);
    }

    /**
     * {@code b a^-1}; false if a is singular.
     *
     * @param b gets the result
     */
    static boolean divide(Matrix b, Matrix a) {
        return divide(b, a, OpenBlas::solve);
    }

    /** Solves {@code A x = b} in place, for each column of b; false if it cannot. */
    private interface Solver {
        boolean solve(NativeDoubles a, int n, NativeDoubles b, int columns);
    }

    private static boolean divide(Matrix b, Matrix a, Solver solver) {
        // X A = B is A^T X^T = B^T; a row-major A is its transpose, column by column.
        try (NativeDoubles right = NativeDoubles.of(b)) {
            boolean done;
            try (NativeDoubles matrix = NativeDoubles.of(a)) {
                done = solver.solve(matrix, a.rows(), right, b.rows());
            }
            if (done) {
                right.copyTo(b);
            }
            return done;
        }
    }
}
