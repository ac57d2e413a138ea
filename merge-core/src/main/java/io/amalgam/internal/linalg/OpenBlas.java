package io.amalgam.internal.linalg;

import org.bytedeco.openblas.global.openblas;

/**
 * The LAPACK and BLAS that ND4J brings along, for large matrices. Row-major arrays are given as
 * their transposes, so nothing is turned around.
 *
 * <p>Every call runs in one thread: with two, OpenBLAS divides decompositions differently and the
 * last bits change. So results are the same for any number of workers and of the library's threads.
 * They may differ from one kind of processor to another, as OpenBLAS has code for each.
 */
final class OpenBlas {
    private static final int COLUMN_MAJOR = 102;
    private static final int PLAIN = 111;
    private static final int TRANSPOSED = 112;

    private OpenBlas() {}

    /** The product of two matrices, each as it is or transposed. */
    static Matrix product(Matrix a, boolean aTransposed, Matrix b, boolean bTransposed) {
        int rows = aTransposed ? a.cols() : a.rows();
        int inner = aTransposed ? a.rows() : a.cols();
        int cols = bTransposed ? b.rows() : b.cols();
        Matrix out = Matrix.zeros(rows, cols);
        // (A B)^T = B^T A^T, and a row-major matrix is the column-major form of its transpose.
        return BlasThreads.callers(
                () -> {
                    openblas.cblas_dgemm(
                            COLUMN_MAJOR,
                            bTransposed ? TRANSPOSED : PLAIN,
                            aTransposed ? TRANSPOSED : PLAIN,
                            cols,
                            rows,
                            inner,
                            1,
                            b.values(),
                            b.cols(),
                            a.values(),
                            a.cols(),
                            0,
                            out.values(),
                            cols);
                    return out;
                });
    }

    /** All singular values, by divide and conquer; signs are those of {@link Signs}. */
    static Svd svd(Matrix matrix) {
        int m = matrix.rows();
        int n = matrix.cols();
        int smaller = Math.min(m, n);
        double[] s = new double[smaller];
        Matrix vTransposed = Matrix.zeros(smaller, n);
        Matrix u = Matrix.zeros(m, smaller);
        double[] a = matrix.values().clone();
        int info =
                BlasThreads.callers(
                        () ->
                                openblas.LAPACKE_dgesdd(
                                        COLUMN_MAJOR,
                                        (byte) 'S',
                                        n,
                                        m,
                                        a,
                                        n,
                                        s,
                                        vTransposed.values(),
                                        n,
                                        u.values(),
                                        smaller));
        require(info, "dgesdd");
        return new Svd(u, s, vTransposed.transpose());
    }

    /**
     * The largest eigenvalues of a symmetric matrix, largest first, and their vectors as rows.
     *
     * @param symmetric is overwritten
     */
    static Eigen eigen(Matrix symmetric, int count) {
        int n = symmetric.rows();
        double[] values = new double[n];
        Matrix vectors = Matrix.zeros(count, n);
        int[] found = new int[1];
        int info =
                BlasThreads.callers(
                        () ->
                                openblas.LAPACKE_dsyevr(
                                        COLUMN_MAJOR,
                                        (byte) 'V',
                                        (byte) 'I',
                                        (byte) 'U',
                                        n,
                                        symmetric.values(),
                                        n,
                                        0,
                                        0,
                                        n - count + 1,
                                        n,
                                        0,
                                        found,
                                        values,
                                        vectors.values(),
                                        n,
                                        new int[2 * n]));
        require(info, "dsyevr");
        if (found[0] != count) {
            throw new ArithmeticException("dsyevr found " + found[0] + " of " + count);
        }
        return Eigen.largestFirst(values, vectors);
    }

    /**
     * Solves {@code X A = B} for a positive definite A; false if it is not.
     *
     * @param a is overwritten
     * @param b gets X
     */
    static boolean solvePositive(Matrix a, Matrix b) {
        int n = a.rows();
        return done(
                BlasThreads.callers(
                        () ->
                                openblas.LAPACKE_dposv(
                                        COLUMN_MAJOR,
                                        (byte) 'U',
                                        n,
                                        b.rows(),
                                        a.values(),
                                        n,
                                        b.values(),
                                        n)));
    }

    /**
     * Solves {@code X A = B}; false if A is singular.
     *
     * @param a is overwritten
     * @param b gets X
     */
    static boolean solve(Matrix a, Matrix b) {
        int n = a.rows();
        // X A = B is A^T X^T = B^T; a row-major A is its transpose, column by column.
        return done(
                BlasThreads.callers(
                        () ->
                                openblas.LAPACKE_dgesv(
                                        COLUMN_MAJOR,
                                        n,
                                        b.rows(),
                                        a.values(),
                                        n,
                                        new int[n],
                                        b.values(),
                                        n)));
    }

    private static boolean done(int info) {
        if (info < 0) {
            require(info, "a solver");
        }
        return info == 0;
    }

    private static void require(int info, String what) {
        if (info != 0) {
            throw new ArithmeticException(what + " of LAPACK ended with " + info);
        }
    }
}
