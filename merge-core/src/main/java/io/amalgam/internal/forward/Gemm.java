package io.amalgam.internal.forward;

import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.openblas.global.openblas_nolapack;

/**
 * Products of matrices by the BLAS that ND4J brings, in memory outside of the heap. Each call runs
 * on its caller's thread, so results do not depend on how many there are.
 */
public final class Gemm {
    private static final int ROW_MAJOR = openblas_nolapack.CblasRowMajor;
    private static final int PLAIN = openblas_nolapack.CblasNoTrans;
    private static final int TRANSPOSED = openblas_nolapack.CblasTrans;

    private Gemm() {}

    /** Work that may fail to read. */
    @FunctionalInterface
    public interface Work<E extends Exception> {
        void run() throws E;
    }

    /** Runs work whose products each take one thread. */
    public static synchronized <E extends Exception> void onCallersThreads(Work<E> work) throws E {
        int threads = openblas_nolapack.blas_get_num_threads();
        openblas_nolapack.blas_set_num_threads(1);
        try {
            work.run();
        } finally {
            openblas_nolapack.blas_set_num_threads(threads);
        }
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
}
