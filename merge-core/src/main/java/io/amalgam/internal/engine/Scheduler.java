package io.amalgam.internal.engine;

import io.amalgam.method.MergeMethod.FailedException;
import io.amalgam.method.TensorStep;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Gives out work: units of the tensors begun first, in order; a new tensor when those have none to
 * give. Few tensors are under way at a time. What they keep from pass to pass, and what steps on
 * whole tensors or long rows hold, fits a budget: others wait until it does, but for one.
 *
 * <p>Where an output has several files, workers are spread over them: the system writes to a file
 * for one thread at a time.
 */
final class Scheduler {
    /** Is told of a tensor that is written, by the worker that wrote its last unit. */
    interface Finished {
        void finished(TaskRun run) throws Exception;
    }

    /** Tensors not begun, by the file they are in. */
    private final NavigableMap<Integer, Deque<TaskRun>> waiting = new TreeMap<>();

    /** Units under way, by the file of their tensor. */
    private final Map<Integer, Integer> busy = new HashMap<>();

    private final List<TaskRun> active = new ArrayList<>();
    private final int mostActive;
    private final Finished listener;
    private final long fullTensorBytes;
    private long held;
    private @Nullable Throwable failure;

    Scheduler(List<TaskRun> runs, int mostActive, long fullTensorBytes, Finished listener) {
        this.fullTensorBytes = fullTensorBytes;
        // Tensors that must be equal first: they fail without a long wait.
        runs.stream().filter(run -> run.task.method().isEmpty()).forEach(this::queue);
        runs.stream().filter(run -> run.task.method().isPresent()).forEach(this::queue);
        this.mostActive = mostActive;
        this.listener = listener;
    }

    /**
     * The next unit, waiting for one if there may be one later; null when all is done or something
     * failed.
     */
    synchronized TaskRun.@Nullable Unit take() throws Exception {
        return take(true);
    }

    /** The next unit; null if there is none now. */
    synchronized TaskRun.@Nullable Unit takeNow() throws Exception {
        return take(false);
    }

    private TaskRun.@Nullable Unit take(boolean patient) throws Exception {
        while (failure == null) {
            TaskRun begun = leastBusy();
            Integer file = active.size() < mostActive ? leastBusyWaiting() : null;
            boolean elsewhere = begun == null || (busy(begun.file) > 0 && busy(file) == 0);
            if (file != null && elsewhere) {
                begin(file);
            } else if (begun != null) {
                held += begun.bytesOfNext();
                busy.merge(begun.file, 1, Integer::sum);
                return begun.takeUnit();
            } else if (active.isEmpty() || !patient) {
                return null;
            } else {
                wait();
            }
        }
        return null;
    }

    private void queue(TaskRun run) {
        waiting.computeIfAbsent(run.file, unused -> new ArrayDeque<>()).add(run);
    }

    private int busy(@Nullable Integer file) {
        return file == null ? Integer.MAX_VALUE : busy.getOrDefault(file, 0);
    }

    /** Of the tensors with a unit to give, the first in the file with the fewest workers. */
    private @Nullable TaskRun leastBusy() {
        TaskRun best = null;
        for (TaskRun run : active) {
            boolean better = best == null || busy(run.file) < busy(best.file);
            if (better && run.hasUnit() && fits(run.bytesOfNext())) {
                best = run;
            }
        }
        return best;
    }

    /** The file with tensors to begin that has the fewest workers. */
    private @Nullable Integer leastBusyWaiting() {
        Integer best = null;
        for (Integer file : waiting.keySet()) {
            if (busy(file) < busy(best)) {
                best = file;
            }
        }
        return best;
    }

    private void begin(int file) throws Exception {
        Deque<TaskRun> runs = Objects.requireNonNull(waiting.get(file));
        TaskRun run = runs.remove();
        if (runs.isEmpty()) {
            waiting.remove(file);
        }
        begin(run);
        if (run.hasUnit()) {
            active.add(run);
        } else {
            finish(run);
        }
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
            long before = run.bytesHeld();
            boolean last = run.complete(unit, result);
            held += run.bytesHeld() - before;
            busy.merge(run.file, -1, Integer::sum);
            if (!last) {
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
        synchronized (this) {
            held -= run.bytesHeld();
            run.release();
        }
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
