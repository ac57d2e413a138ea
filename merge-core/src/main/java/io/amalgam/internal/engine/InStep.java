package io.amalgam.internal.engine;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeListener;
import io.amalgam.method.TensorStep;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.TensorTask;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Computes tensors of several merges in step: each block of an input is read once, for all of them.
 * These are the tensors that all merges compute element by element, in one pass over stored
 * tensors. The bytes written are those of each merge by itself.
 */
final class InStep {
    private static final int LARGEST_BLOCK = 1 << 14;
    private static final int SMALLEST_BLOCK = 1 << 10;

    private final List<MergeRun> runs;
    private final EngineOptions options;
    private final Cancellation cancellation;

    /** The tensors still to begin, each of all merges; the one under way comes first. */
    private final List<List<TaskRun>> waiting = new ArrayList<>();

    private int begun;
    private int next;
    private @Nullable Throwable failure;

    private InStep(List<MergeRun> runs, EngineOptions options, Cancellation cancellation) {
        this.runs = runs;
        this.options = options;
        this.cancellation = cancellation;
    }

    /** Whether a tensor can be computed in step with others. */
    private static boolean isSimple(TensorTask task) {
        if (task.method().isEmpty()
                || task.quantiser().isPresent()
                || task.output().elements() == 0
                || !task.output().dtype().arithmetic()) {
            return false;
        }
        for (int i = 0; i < task.sources().size(); i++) {
            TensorSource source = task.sources().get(i);
            if (!task.alongOutput(i) || source.stored().isEmpty()) {
                return false;
            }
        }
        return task.firstStage() instanceof TensorStep.Combine combine && combine.rowLength() == 1;
    }

    /** Whether a merge has tensors that can be computed in step with those of others. */
    static boolean isPossible(MergePlan plan) {
        return plan.wholeModel().isEmpty()
                && plan.preparations().isEmpty()
                && plan.tasks().stream().anyMatch(InStep::isSimple);
    }

    /** The block for so many merges; 0 if not even the smallest fits the memory. */
    static int block(List<MergePlan> plans, EngineOptions options) {
        int block = LARGEST_BLOCK;
        while (block >= SMALLEST_BLOCK && bytesHeld(plans, block, options) > options.memory()) {
            block /= 2;
        }
        return block < SMALLEST_BLOCK ? 0 : block;
    }

    private static long bytesHeld(List<MergePlan> plans, int block, EngineOptions options) {
        long each = 0;
        for (MergePlan plan : plans) {
            each +=
                    Worker.bytesHeld(inputs(plan), block)
                            + (long) inputs(plan) * block * Float.BYTES;
        }
        return options.threads() * each;
    }

    private static int inputs(MergePlan plan) {
        return plan.tasks().stream().mapToInt(task -> task.sources().size()).max().orElse(1);
    }

    /**
     * Computes all tensors that can be; the runs then know that they are there.
     *
     * @param listener hears of the progress of the first
     */
    static void run(
            List<MergeRun> runs,
            EngineOptions options,
            MergeListener listener,
            Cancellation cancellation)
            throws IOException {
        new InStep(runs, options, cancellation).run(listener);
    }

    private void run(MergeListener listener) throws IOException {
        collect();
        MergePlan first = runs.get(0).plan();
        int block = block(runs.stream().map(MergeRun::plan).toList(), options);
        if (waiting.isEmpty() || block == 0) {
            return;
        }
        listener.started(first, 0);
        if (JitWarmup.isWorthIt(first, options.kernels())) {
            JitWarmup.run(first, options.kernels());
        }
        PlanRunner.Setup setup =
                new PlanRunner.Setup(
                        options.kernels(),
                        options.threads(),
                        1,
                        SMALLEST_BLOCK,
                        0,
                        false,
                        new LongAdder(),
                        new LongAdder());
        Runnable tick = () -> listener.progressed(runs.get(0).progress());
        try (PlanRunner runner = new PlanRunner(setup, () -> TensorSink.NONE, cancellation, tick)) {
            runner.forRanges(options.threads(), 1, (from, to, workspace) -> work(block));
        }
        tick.run();
    }

    private void collect() {
        List<Map<String, Integer>> places = new ArrayList<>();
        for (MergeRun run : runs) {
            Map<String, Integer> byName = new HashMap<>();
            for (int i = 0; i < run.plan().tasks().size(); i++) {
                byName.put(run.plan().tasks().get(i).output().name(), i);
            }
            places.add(byName);
        }
        for (TensorTask task : runs.get(0).plan().tasks()) {
            List<TaskRun> tensor = new ArrayList<>();
            for (int i = 0; i < runs.size(); i++) {
                Integer place = places.get(i).get(task.output().name());
                if (place != null) {
                    tensor.add(runs.get(i).task(place));
                }
            }
            long elements = task.output().elements();
            boolean simple =
                    tensor.stream()
                            .map(run -> run.task)
                            .allMatch(t -> isSimple(t) && t.output().elements() == elements);
            if (simple && tensor.size() == runs.size()) {
                waiting.add(tensor);
            }
        }
    }

    /** The same unit of a tensor of all merges; null where there is nothing left to do. */
    private synchronized @Nullable List<TaskRun.Unit> take() {
        while (failure == null && next < waiting.size()) {
            List<TaskRun> tensor = waiting.get(next);
            TaskRun first = tensor.get(0);
            if (begun == next) {
                tensor.forEach(TaskRun::begin);
                begun++;
            }
            if (first.hasUnit()) {
                return tensor.stream().map(TaskRun::takeUnit).toList();
            }
            next++;
        }
        return null;
    }

    private void work(int block) throws IOException {
        SharedReads reads = new SharedReads(block);
        List<Worker> workers = new ArrayList<>();
        try {
            for (MergeRun run : runs) {
                Worker worker = run.worker(inputs(run.plan()), block);
                worker.readThrough(reads);
                workers.add(worker);
            }
            for (List<TaskRun.Unit> units = take(); units != null; units = take()) {
                compute(units, workers, reads, block);
            }
        } catch (Throwable e) {
            synchronized (this) {
                failure = e;
            }
            throw e;
        } finally {
            for (Worker worker : workers) {
                worker.close();
            }
        }
    }

    private void compute(
            List<TaskRun.Unit> units, List<Worker> workers, SharedReads reads, int block)
            throws IOException {
        reads.clear();
        workers.forEach(Worker::beginSteps);
        TaskRun.Unit first = units.get(0);
        for (long from = first.from(); from < first.to(); from += block) {
            int n = (int) Math.min(block, first.to() - from);
            for (int i = 0; i < workers.size(); i++) {
                TaskRun.Unit unit = units.get(i);
                try {
                    workers.get(i).step(unit, (TensorStep.Combine) unit.stage(), from, n);
                } catch (RuntimeException e) {
                    throw Scheduler.failed(unit.run(), e);
                }
            }
        }
        for (int i = 0; i < workers.size(); i++) {
            complete(i, units.get(i), workers.get(i).endSteps());
        }
    }

    private void complete(int merge, TaskRun.Unit unit, Object result) throws IOException {
        synchronized (this) {
            if (!unit.run().complete(unit, result)) {
                return;
            }
        }
        runs.get(merge).finishedInStep(unit.run());
        unit.run().release();
    }
}
