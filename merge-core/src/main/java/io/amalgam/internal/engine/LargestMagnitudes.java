package io.amalgam.internal.engine;

import io.amalgam.engine.MergeListener;
import io.amalgam.internal.encoding.Quantiser;
import io.amalgam.method.TensorStep;
import io.amalgam.plan.TensorTask;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * A pass over the tensors whose scale depends on their largest magnitude, before any is written:
 * several tensors may share one scale. Those that an earlier run wrote are looked at too where
 * others share theirs: nothing of it is kept on disk.
 */
final class LargestMagnitudes {
    private final List<TensorTask> tasks;
    private final IntFunction<Supplier<TensorStep>> stages;

    /**
     * @param stages gives a task's first stage
     */
    LargestMagnitudes(List<TensorTask> tasks, IntFunction<Supplier<TensorStep>> stages) {
        this.tasks = tasks;
        this.stages = stages;
    }

    /** Tells the runs that need it what they share. */
    void measure(List<TaskRun> runs, PlanRunner runner, MergeListener listener) throws IOException {
        Set<String> wanted = new HashSet<>();
        runs.stream().filter(run -> needs(run.task)).forEach(run -> wanted.add(shared(run.task)));
        if (wanted.isEmpty()) {
            return;
        }
        listener.surveying(1, 1);
        List<TaskRun> measured = new ArrayList<>();
        for (int i = 0; i < tasks.size(); i++) {
            TensorTask task = tasks.get(i);
            if (needs(task) && wanted.contains(shared(task))) {
                measured.add(new TaskRun(i, i, 0, task, stages.apply(i), true));
            }
        }
        runner.run(measured, run -> {});
        Map<String, Float> largest = new HashMap<>();
        measured.forEach(run -> largest.merge(shared(run.task), run.largest, Math::max));
        runs.stream()
                .filter(run -> needs(run.task))
                .forEach(run -> run.largest = largest.getOrDefault(shared(run.task), 0f));
    }

    private static boolean needs(TensorTask task) {
        return task.quantiser().map(Quantiser::needsLargest).orElse(false);
    }

    private static String shared(TensorTask task) {
        return task.quantiser().map(Quantiser::largestOf).orElse("");
    }
}
