package io.amalgam.internal.engine;

import io.amalgam.checkpoint.Preparation;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.kernel.Kernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.method.TensorStep;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Runs units of work on all workers: of output tensors to a {@link TensorSink}, of passes that only
 * read, of preparations. Used by one thread, which waits and reports while the workers work.
 */
final class PlanRunner implements Closeable {
    private static final long LISTEN_MILLIS = 200;

    private final List<Worker> workers = new ArrayList<>();
    private final Cancellation cancellation;
    private final Runnable tick;
    private final long fullTensorBytes;

    /**
     * @param threads workers
     * @param inputs the most inputs of a task
     * @param blockElements elements of a block
     * @param fullTensorBytes what steps on whole tensors may hold together
     * @param checkFinite whether NaN and infinities are refused
     * @param moved counts bytes read and written
     * @param written counts bytes written
     */
    record Setup(
            Kernels kernels,
            int threads,
            int inputs,
            int blockElements,
            long fullTensorBytes,
            boolean checkFinite,
            LongAdder moved,
            LongAdder written) {
        /** Of a plan that fits the memory of these options. */
        static Setup of(
                MemoryNeeds needs, EngineOptions options, LongAdder moved, LongAdder written) {
            int block = needs.blockElements(options.memory());
            return new Setup(
                    options.kernels(),
                    options.threads(),
                    needs.inputs(),
                    block,
                    needs.forFullTensors(options.memory(), block),
                    !options.allowNonfinite(),
                    moved,
                    written);
        }
    }

    /**
     * @param sinks a sink for each worker, closed with it
     * @param tick called a few times a second by the thread that waits
     */
    PlanRunner(Setup setup, Supplier<TensorSink> sinks, Cancellation cancellation, Runnable tick) {
        this.cancellation = cancellation;
        this.tick = tick;
        this.fullTensorBytes = setup.fullTensorBytes();
        for (int i = 0; i < setup.threads(); i++) {
            workers.add(new Worker(setup, sinks.get(), cancellation));
        }
    }

    /** A worker for the calling thread, while no run is under way. */
    Worker worker() {
        return workers.get(0);
    }

    /**
     * Computes tensors.
     *
     * @param finished is told of each by the worker that did its last unit
     */
    void run(List<TaskRun> runs, Scheduler.Finished finished) throws IOException {
        Scheduler scheduler = new Scheduler(runs, workers.size() + 1, fullTensorBytes, finished);
        List<Runnable> work = new ArrayList<>();
        for (Worker worker : workers) {
            work.add(() -> work(worker, scheduler));
        }
        start(work, scheduler::fail);
        rethrow(scheduler.failure());
    }

    /** Works on the numbers up to {@code count}, in ranges of at most {@code step}. */
    void forRanges(int count, int step, Preparation.Range range) throws IOException {
        AtomicInteger next = new AtomicInteger();
        AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
        List<Runnable> work = new ArrayList<>();
        for (Worker worker : workers) {
            Workspace workspace = worker.workspace();
            work.add(
                    () -> {
                        try {
                            int from = next.getAndAdd(step);
                            while (from < count && failure.get() == null) {
                                cancellation.throwIfRequested();
                                range.work(from, Math.min(count, from + step), workspace);
                                from = next.getAndAdd(step);
                            }
                        } catch (Throwable e) {
                            failure.compareAndSet(null, e);
                        }
                    });
        }
        start(work, e -> failure.compareAndSet(null, e));
        rethrow(failure.get());
    }

    /** Is told why work stops early. */
    private interface Stop {
        void because(Throwable cause);
    }

    private void start(List<Runnable> work, Stop stop) {
        List<Thread> threads = new ArrayList<>();
        for (Runnable each : work) {
            Thread thread = new Thread(each, "amalgam-" + threads.size());
            thread.setDaemon(true);
            thread.start();
            threads.add(thread);
        }
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join(LISTEN_MILLIS);
                } catch (InterruptedException e) {
                    // Asked to stop: the workers do so at the next block, and are waited for.
                    cancellation.cancel();
                    stop.because(MergeCancelledException.byInterrupt(e));
                }
                tick.run();
            }
        }
    }

    private static void work(Worker worker, Scheduler scheduler) {
        try {
            // At most one: the next unit's output is written after that of the one before.
            Deque<DoneUnit> unwritten = new ArrayDeque<>();
            TaskRun.Unit unit = scheduler.take();
            while (unit != null) {
                long before = worker.piecesEnded();
                Object result = result(unit, worker, scheduler);
                if (worker.piecesEnded() == before) {
                    complete(unit, result, scheduler);
                } else {
                    unwritten.add(new DoneUnit(unit, result, worker.piecesEnded()));
                }
                worker.tryFlush();
                completeWritten(unwritten, worker, scheduler);
                unit = unwritten.isEmpty() ? scheduler.take() : scheduler.takeNow();
                if (!unwritten.isEmpty() && (unit == null || isLong(unit))) {
                    worker.flush();
                    completeWritten(unwritten, worker, scheduler);
                    unit = unit == null ? scheduler.take() : unit;
                }
            }
        } catch (Throwable e) {
            // Whatever it is, the other workers must stop and the caller must hear of it.
            scheduler.fail(e);
        }
    }

    /**
     * A unit that was computed.
     *
     * @param pieces pieces its worker must have written before it is complete
     */
    private record DoneUnit(TaskRun.Unit unit, Object result, long pieces) {}

    private static boolean isLong(TaskRun.Unit unit) {
        return unit.stage() instanceof TensorStep.FullTensor;
    }

    private static Object result(TaskRun.Unit unit, Worker worker, Scheduler scheduler)
            throws Exception {
        try {
            return worker.run(unit, scheduler);
        } catch (RuntimeException e) {
            throw Scheduler.failed(unit.run(), e);
        }
    }

    private static void completeWritten(
            Deque<DoneUnit> unwritten, Worker worker, Scheduler scheduler) throws Exception {
        while (!unwritten.isEmpty() && unwritten.getFirst().pieces() <= worker.piecesWritten()) {
            DoneUnit done = unwritten.remove();
            complete(done.unit(), done.result(), scheduler);
        }
    }

    private static void complete(TaskRun.Unit unit, Object result, Scheduler scheduler)
            throws Exception {
        try {
            scheduler.complete(unit, result);
        } catch (RuntimeException e) {
            throw Scheduler.failed(unit.run(), e);
        }
    }

    private static void rethrow(@Nullable Throwable failure) throws IOException {
        if (failure instanceof IOException e) {
            throw e;
        }
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure instanceof Error e) {
            throw e;
        }
        if (failure != null) {
            throw new IllegalStateException(failure);
        }
    }

    @Override
    public void close() throws IOException {
        for (Worker worker : workers) {
            worker.close();
        }
    }
}
