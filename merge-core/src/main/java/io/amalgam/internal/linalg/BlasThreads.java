package io.amalgam.internal.linalg;

import org.bytedeco.openblas.global.openblas_nolapack;

/**
 * Keeps OpenBLAS on the threads of its callers while work runs, so that results do not depend on
 * how many threads it has; afterwards it has as many as before, for other users in the process.
 * Thread-safe.
 */
public final class BlasThreads {
    private static int users;
    private static int before;

    private BlasThreads() {}

    /** Work that may fail to read. */
    @FunctionalInterface
    public interface Work<T, E extends Exception> {
        T run() throws E;
    }

    /**
     * Runs work in which each call of OpenBLAS takes one thread.
     *
     * @throws io.amalgam.error.BadInputException if OpenBLAS is wrong on this processor
     */
    public static <T, E extends Exception> T callers(Work<T, E> work) throws E {
        LibraryCheck.require();
        enter();
        try {
            return work.run();
        } finally {
            leave();
        }
    }

    private static synchronized void enter() {
        if (users++ == 0) {
            before = openblas_nolapack.blas_get_num_threads();
            openblas_nolapack.blas_set_num_threads(1);
        }
    }

    private static synchronized void leave() {
        if (--users == 0) {
            openblas_nolapack.blas_set_num_threads(before);
        }
    }
}
