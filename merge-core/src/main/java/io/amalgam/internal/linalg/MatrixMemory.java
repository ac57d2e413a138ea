package io.amalgam.internal.linalg;

import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The memory of large matrices, on Java's heap and outside of it. Thread-safe.
 *
 * <p>Java keeps what nobody uses any more until the heap is full, so a few matrices would make the
 * process as large as its heap may become. Here it is collected before that: when the matrices
 * since the last collection take {@link #GARBAGE} bytes, or half of what is in use where that is
 * more; or a quarter of it, before LAPACK takes as much. The time is small beside what is computed
 * with so many.
 */
public final class MatrixMemory {
    /** Bytes of matrices from one collection to the next. */
    static final long GARBAGE = 32L << 20;

    /** Matrices below this are not worth counting. */
    private static final long LARGE = 1L << 16;

    private static final AtomicLong SINCE = new AtomicLong();
    private static volatile long allowed = GARBAGE;
    private static volatile @Nullable Watcher watcher;

    private MatrixMemory() {}

    /** Sees large matrices before there is memory for them. */
    public interface Watcher {
        /** On the heap. */
        void heap(long bytes);

        /** Outside of the heap; less than 0 when it is free again. */
        void outside(long bytes);
    }

    /** Shows all large matrices of the process to a watcher; null for nobody. */
    public static void watch(@Nullable Watcher by) {
        watcher = by;
    }

    /** A matrix on the heap is about to be made. */
    static void heap(long bytes) {
        if (bytes < LARGE) {
            return;
        }
        Watcher seen = watcher;
        if (seen != null) {
            seen.heap(bytes);
        }
        if (SINCE.addAndGet(bytes) > allowed) {
            collect(bytes);
        }
    }

    private static synchronized void collect(long bytes) {
        if (SINCE.get() <= bytes) {
            // Another thread has done it.
            return;
        }
        System.gc();
        Runtime java = Runtime.getRuntime();
        allowed = Math.max(GARBAGE, (java.totalMemory() - java.freeMemory()) / 2);
        SINCE.set(bytes);
    }

    /** Memory outside of the heap, until it is closed. */
    static Outside outside(long bytes) {
        Watcher seen = watcher;
        if (seen != null) {
            seen.outside(bytes);
        }
        long since = SINCE.get();
        if (since > GARBAGE / 2 && bytes >= since) {
            collect(0);
        }
        return new Outside(bytes);
    }

    /** Bytes that LAPACK or a matrix has. */
    record Outside(long bytes) implements AutoCloseable {
        @Override
        public void close() {
            Watcher seen = watcher;
            if (seen != null) {
                seen.outside(-bytes);
            }
        }
    }
}
