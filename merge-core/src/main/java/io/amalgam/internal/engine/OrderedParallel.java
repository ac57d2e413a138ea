package io.amalgam.internal.engine;

import io.amalgam.engine.MergeCancelledException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Independent pieces of work on several threads, their results taken in the pieces' order: what
 * comes out does not depend on the number of threads.
 */
public final class OrderedParallel {
    /** Results that may wait for an earlier one, for each thread. */
    private static final int AHEAD = 4;

    private OrderedParallel() {}

    /** One piece of work. */
    public interface Work<T, R> {
        R of(T item) throws IOException;
    }

    /**
     * Does all pieces. The calling thread takes the results.
     *
     * @param threads at least 1
     * @throws IOException the first piece's that failed, in the pieces' order, as with {@link
     *     RuntimeException}s; no piece is still worked on then
     */
    public static <T, R> void run(
            List<T> items, int threads, Work<? super T, ? extends R> work, Consumer<R> taken)
            throws IOException {
        ExecutorService pool = Executors.newFixedThreadPool(threads, OrderedParallel::thread);
        Iterator<T> next = items.iterator();
        Deque<Future<R>> begun = new ArrayDeque<>();
        try {
            do {
                while (next.hasNext() && begun.size() < AHEAD * threads) {
                    T item = next.next();
                    begun.add(pool.submit(() -> work.of(item)));
                }
                if (!begun.isEmpty()) {
                    taken.accept(result(begun.remove()));
                }
            } while (!begun.isEmpty() || next.hasNext());
        } finally {
            begun.forEach(future -> future.cancel(false));
            finish(pool);
        }
    }

    private static final AtomicInteger THREADS = new AtomicInteger();

    private static Thread thread(Runnable work) {
        Thread thread = new Thread(work, "amalgam-work-" + THREADS.getAndIncrement());
        thread.setDaemon(true);
        return thread;
    }

    private static <R> R result(Future<R> future) throws IOException {
        try {
            return future.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new MergeCancelledException();
        } catch (ExecutionException e) {
            Throwable cause = e.getCause();
            if (cause instanceof IOException io) {
                throw io;
            }
            if (cause instanceof RuntimeException runtime) {
                throw runtime;
            }
            if (cause instanceof Error error) {
                throw error;
            }
            throw new IllegalStateException(cause);
        }
    }

    /** Waits for what is being worked on: its files are closed next. */
    private static void finish(ExecutorService pool) {
        pool.shutdown();
        boolean interrupted = false;
        while (!pool.isTerminated()) {
            try {
                pool.awaitTermination(1, TimeUnit.MINUTES);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
