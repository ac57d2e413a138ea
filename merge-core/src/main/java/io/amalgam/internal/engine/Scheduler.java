package io.amalgam.internal.engine;

import io.amalgam.method.MergeMethod.FailedException;
import io.amalgam.method.TensorStep;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Gives out work: units of the tensors begun first, in order; a new tensor when those have none to
 * give. Few tensors are under way at a time, so what they hold between passes stays small. Steps on
 * whole tensors are given out while what they hold fits a budget; one of them always is.
 */
final class Scheduler {
    /** Is told of a tensor that is written, by the worker that wrote its last unit. */
    interface Finished {
        void finished(TaskRun run) throws Exception;
    }

    private final Deque<TaskRun> waiting = new ArrayDeque<>();
    private final List<TaskRun> active = new ArrayList<>();
    private final int mostActive;
    private final Finished listener;
    private final long fullTensorBytes;
    private long held;
    private @Nullable Throwable failure;

    Scheduler(List<TaskRun> runs, int mostActive, long fullTensorBytes, Finished listener) {
        this.fullTensorBytes = fullTensorBytes;
        // Tensors that must be equal first: they fail without a long wait.
        runs.stream().filter(run -> run.task.method().isEmpty()).forEach(waiting::add);
        runs.stream().filter(run -> run.task.method().isPresent()).forEach(waiting::add);
        this.mostActive = mostActive;
        this.listener = listener;
    }

    /**
     * The next unit, waiting for one if there may be one later; null when all is done or something
     * failed.
     */
    synchronized TaskRun.@Nullable Unit take() throws Exception {
        while (failure == null) {
            for (TaskRun run : active) {
                if (run.hasUnit() && fits(run.bytesHeld())) {
                    held += run.bytesHeld();
                    return run.takeUnit();
                }
            }
            if (active.size() < mostActive && !waiting.isEmpty()) {
                TaskRun run = waiting.remove();
                begin(run);
                if (run.hasUnit()) {
                    active.add(run);
                } else {
                    finish(run);
                }
                continue;
            }
            if (active.isEmpty()) {
                return null;
            }
            wait();
        }
        return null;
    }

    private boolean fits(long bytes) {
        return bytes == 0 || held == 0 || held + bytes <= fullTensorBytes;
    }

    private static void begin(TaskRun run) {
        try {
            run.begin();
        } catch (RuntimeException e) {
            throw failed(run, e);
        }
    }

    /** With the method and the tensor it failed on. */
    static RuntimeException failed(TaskRun run, RuntimeException e) {
        return FailedException.of(run.task.action(), run.task.output().name(), e);
    }

    synchronized Object borrowState(TaskRun run, TensorStep.Reduce<?> reduce) {
        return run.borrowState(reduce);
    }

    synchronized void returnState(TaskRun run, Object state) {
        run.returnState(state);
    }

    void complete(TaskRun.Unit unit, Object result) throws Exception {
        TaskRun run = unit.run();
        synchronized (this) {
            held -= run.bytesHeld();
            if (!run.complete(unit, result)) {
                return;
            }
            if (run.isLast()) {
                active.remove(run);
            }
        }
        if (run.isLast()) {
            finish(run);
            wakeAll();
            return;
        }
        TensorStep next = run.advance();
        boolean over;
        synchronized (this) {
            run.enter(next);
            over = !run.hasUnit();
            if (over) {
                active.remove(run);
            }
        }
        if (over) {
            finish(run);
        }
        wakeAll();
    }

    private void finish(TaskRun run) throws Exception {
        listener.finished(run);
        run.release();
    }

    private synchronized void wakeAll() {
        notifyAll();
    }

    /** Stops everything; the first cause is kept. */
    synchronized void fail(Throwable cause) {
        if (failure == null) {
            failure = cause;
        }
        notifyAll();
    }

    synchronized @Nullable Throwable failure() {
        return failure;
    }
}
