package io.amalgam.internal.linalg;

import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.openblas.global.openblas;

/**
 * The LAPACK and BLAS that ND4J brings along, on memory outside of Java's heap. Matrices are column
 * by column, as LAPACK has them: what is row-major in Java is the transpose here.
 *
 * <p>Every call runs in one thread: with two, OpenBLAS divides decompositions differently and the
 * last bits change. So results are the same for any number of workers and of the library's threads.
 * They may differ from one kind of processor to another, as OpenBLAS has code for each.
 */
final class OpenBlas {
    private static final int COLUMN_MAJOR = 102;
    private static final int PLAIN = 111;
    private static final int TRANSPOSED = 112;
    private static final int UPPER = 121;
    private static final int LEFT = 141;
    private static final int RIGHT = 142;
    private static final byte UPPER_LETTER = 'U';

    /** Bytes of blocks of matrices that a thread's products are computed from, up to so many. */
    static final long BUFFER = 32L << 20;

    /** Bytes of the library's code and of the classes that call it. */
    static final long CODE = 16L << 20;

    /** The most columns that LAPACK takes together. */
    private static final int TOGETHER = 64;

    private OpenBlas() {}

    /** A matrix as it is given to a product. */
    record Factor(DoublePointer values, int leading, boolean transposed) {
        Factor(NativeDoubles values, int leading, boolean transposed) {
            this(values.pointer(), leading, transposed);
        }

        private int way() {
            return transposed ? TRANSPOSED : PLAIN;
        }
    }

    /** {@code C = A B}, of rows x inner and inner x cols. */
    static void product(Factor a, Factor b, int rows, int inner, int cols, NativeDoubles c) {
        BlasThreads.callers(
                () -> {
                    openblas.cblas_dgemm(
                            COLUMN_MAJOR,
                            a.way(),
                            b.way(),
                            rows,
                            cols,
                            inner,
                            1,
                            a.values,
                            a.leading,
                            b.values,
                            b.leading,
                            0,
                            c.pointer(),
                            rows);
                    return c;
                });
    }

    /** The upper half of {@code A A^T}, n x n; of {@code A^T A} if A is transposed. */
    static void square(Factor a, int n, int inner, NativeDoubles c) {
        BlasThreads.callers(
                () -> {
                    openblas.cblas_dsyrk(
                            COLUMN_MAJOR,
                            UPPER,
                            a.way(),
                            n,
                            inner,
                            1,
                            a.values,
                            a.leading,
                            0,
                            c.pointer(),
                            n);
                    return c;
                });
    }

    /**
     * {@code C = S B}, or {@code B S}: of a symmetric matrix only the upper half is read.
     *
     * @param left whether S is on the left
     */
    static void symmetricProduct(
            NativeDoubles s, boolean left, NativeDoubles b, int rows, int cols, NativeDoubles c) {
        BlasThreads.callers(
                () -> {
                    openblas.cblas_dsymm(
                            COLUMN_MAJOR,
                            left ? LEFT : RIGHT,
                            UPPER,
                            rows,
                            cols,
                            1,
                            s.pointer(),
                            left ? rows : cols,
                            b.pointer(),
                            rows,
                            0,
                            c.pointer(),
                            rows);
                    return c;
                });
    }

    /**
     * {@code A = U diag(s) V^T}, by divide and conquer.
     *
     * @param a rows x cols, is overwritten
     * @param u gets rows x smaller
     * @param vTransposed gets smaller x cols
     */
    static void svd(
            NativeDoubles a,
            int rows,
            int cols,
            NativeDoubles s,
            NativeDoubles u,
            NativeDoubles vTransposed) {
        int smaller = Math.min(rows, cols);
        MatrixMemory.Outside work = MatrixMemory.outside(svdWork(rows, cols) * Double.BYTES);
        try {
            require(
                    BlasThreads.callers(
                            () ->
                                    openblas.LAPACKE_dgesdd(
                                            COLUMN_MAJOR,
                                            (byte) 'S',
                                            rows,
                                            cols,
                                            a.pointer(),
                                            rows,
                                            s.pointer(),
                                            u.pointer(),
                                            rows,
                                            vTransposed.pointer(),
                                            smaller)),
                    "dgesdd");
        } finally {
            work.close();
        }
    }

    /** Doubles that {@code dgesdd} works in, with its integers: what LAPACK asks for, or more. */
    static long svdWork(long rows, long cols) {
        long smaller = Math.min(rows, cols);
        return 4 * smaller * smaller + TOGETHER * (rows + cols) + 16 * smaller;
    }

    /**
     * The eigenvalues of a symmetric matrix, the smallest first, and the vectors of the largest: by
     * reduction to three diagonals, then divide and conquer.
     *
     * @param symmetric n x n, is overwritten
     * @param count of the vectors
     * @param values gets n
     * @param vectors n x n, gets those of the largest values in its last columns, whatever in
     *     others
     */
    static void eigen(
            NativeDoubles symmetric,
            int n,
            int count,
            NativeDoubles values,
            NativeDoubles vectors) {
        try (NativeDoubles beside = NativeDoubles.of(n);
                NativeDoubles factors = NativeDoubles.of(n)) {
            MatrixMemory.Outside work = MatrixMemory.outside(eigenWork(n) * Double.BYTES);
            try {
                require(
                        BlasThreads.callers(
                                () ->
                                        openblas.LAPACKE_dsytrd(
                                                COLUMN_MAJOR,
                                                UPPER_LETTER,
                                                n,
                                                symmetric.pointer(),
                                                n,
                                                values.pointer(),
                                                beside.pointer(),
                                                factors.pointer())),
                        "dsytrd");
                require(
                        BlasThreads.callers(
                                () ->
                                        openblas.LAPACKE_dstedc(
                                                COLUMN_MAJOR,
                                                (byte) 'I',
                                                n,
                                                values.pointer(),
                                                beside.pointer(),
                                                vectors.pointer(),
                                                n)),
                        "dstedc");
                require(
                        BlasThreads.callers(
                                () ->
                                        openblas.LAPACKE_dormtr(
                                                COLUMN_MAJOR,
                                                (byte) 'L',
                                                UPPER_LETTER,
                                                (byte) 'N',
                                                n,
                                                count,
                                                symmetric.pointer(),
                                                n,
                                                factors.pointer(),
                                                vectors.pointer((long) n * (n - count)),
                                                n)),
                        "dormtr");
            } finally {
                work.close();
            }
        }
    }

    /** Doubles that {@link #eigen} works in, with its integers: what LAPACK asks for, or more. */
    static long eigenWork(long n) {
        return n * n + (TOGETHER + 14) * n;
    }

    /**
     * The eigenvalues of a symmetric matrix, the smallest first.
     *
     * @param symmetric n x n, is overwritten
     * @param values gets n
     */
    static void eigenvalues(NativeDoubles symmetric, int n, NativeDoubles values) {
        MatrixMemory.Outside work = MatrixMemory.outside(eigenvaluesWork(n) * Double.BYTES);
        try {
            require(
                    BlasThreads.callers(
                            () ->
                                    openblas.LAPACKE_dsyevd(
                                            COLUMN_MAJOR,
                                            (byte) 'N',
                                            UPPER_LETTER,
                                            n,
                                            symmetric.pointer(),
                                            n,
                                            values.pointer())),
                    "dsyevd");
        } finally {
            work.close();
        }
    }

    /** Doubles that {@link #eigenvalues} works in: what LAPACK asks for, or more. */
    static long eigenvaluesWork(long n) {
        return (TOGETHER + 14) * n;
    }

    /**
     * Solves {@code A X = B} for a positive definite A; false if it is not.
     *
     * @param a n x n, is overwritten
     * @param b n x cols, gets X
     */
    static boolean solvePositive(NativeDoubles a, int n, NativeDoubles b, int cols) {
        DoublePointer matrix = a.pointer();
        return done(
                BlasThreads.callers(
                        () ->
                                openblas.LAPACKE_dposv(
                                        COLUMN_MAJOR,
                                        UPPER_LETTER,
                                        n,
                                        cols,
                                        matrix,
                                        n,
                                        b.pointer(),
                                        n)));
    }

    /**
     * Solves {@code A X = B}; false if A is singular.
     *
     * @param a n x n, is overwritten
     * @param b n x cols, gets X
     */
    static boolean solve(NativeDoubles a, int n, NativeDoubles b, int cols) {
        try (IntPointer exchanges = new IntPointer((long) n)) {
            return done(
                    BlasThreads.callers(
                            () ->
                                    openblas.LAPACKE_dgesv(
                                            COLUMN_MAJOR,
                                            n,
                                            cols,
                                            a.pointer(),
                                            n,
                                            exchanges,
                                            b.pointer(),
                                            n)));
        }
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
