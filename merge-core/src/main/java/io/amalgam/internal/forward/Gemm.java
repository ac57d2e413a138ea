package io.amalgam.internal.forward;

import io.amalgam.internal.linalg.LibraryCheck;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.global.openblas_nolapack;

/**
 * Products of matrices by the BLAS that ND4J brings, in memory outside of the heap. Callers hold
 * {@link io.amalgam.internal.linalg.BlasThreads}.
 */
public final class Gemm {
    private static final int ROW_MAJOR = openblas_nolapack.CblasRowMajor;
    private static final int PLAIN = openblas_nolapack.CblasNoTrans;
    private static final int TRANSPOSED = openblas_nolapack.CblasTrans;

    private Gemm() {}

    /**
     * Does nothing where the library computes rightly on this processor.
     *
     * @throws io.amalgam.error.BadInputException if it does not
     */
    public static void check() {
        LibraryCheck.require();
    }

    /** {@code y = a b^T}: a is [m, k], b is [n, k], y is [m, n]. */
    static void transposed(FloatPointer a, FloatPointer b, FloatPointer y, int m, int n, int k) {
        openblas_nolapack.cblas_sgemm(
                ROW_MAJOR, PLAIN, TRANSPOSED, m, n, k, 1, a, k, b, k, 0, y, n);
    }

    /** {@code y = a b}: a is the first k columns of [m, width], b is [k, n], y is [m, n]. */
    static void plain(
            FloatPointer a, FloatPointer b, FloatPointer y, int m, int n, int k, int width) {
        openblas_nolapack.cblas_sgemm(ROW_MAJOR, PLAIN, PLAIN, m, n, k, 1, a, width, b, n, 0, y, n);
    }

    /** {@code y = a^T b}: a is the first m columns of [k, n], b is [k, n], y is [m, n]. */
    static void products(FloatPointer a, FloatPointer b, FloatPointer y, int m, int n, int k) {
        openblas_nolapack.cblas_sgemm(
                ROW_MAJOR, TRANSPOSED, PLAIN, m, n, k, 1, a, n, b, n, 0, y, n);
    }

    /** {@code y += a b}: a is the first k columns of [m, width], b is [k, n], y is [m, n]. */
    static void addPlain(
            FloatPointer a, FloatPointer b, FloatPointer y, int m, int n, int k, int width) {
        openblas_nolapack.cblas_sgemm(ROW_MAJOR, PLAIN, PLAIN, m, n, k, 1, a, width, b, n, 1, y, n);
    }

    /**
     * {@code y = before y + a^T b}: a is the first m columns of [k, width], b is [k, n], y is [m,
     * n].
     */
    static void addProducts(
            FloatPointer a,
            FloatPointer b,
            FloatPointer y,
            int m,
            int n,
            int k,
            int width,
            float before) {
        openblas_nolapack.cblas_sgemm(
                ROW_MAJOR, TRANSPOSED, PLAIN, m, n, k, 1, a, width, b, n, before, y, n);
    }
}
