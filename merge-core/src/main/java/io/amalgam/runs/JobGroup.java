package io.amalgam.runs;

import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeListener;
import io.amalgam.internal.engine.MergeEngine;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.plan.MergePlan;
import io.amalgam.runs.Batch.Job;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Merges of a batch that are made at a time. Closing it closes their plans. */
final class JobGroup implements Closeable {
    private static final int MOST = 16;

    private final EngineOptions options;
    private final List<Job> jobs = new ArrayList<>();
    private final List<StagedPlan> plans = new ArrayList<>();
    private final List<MergeEngine.Target> targets = new ArrayList<>();

    JobGroup(EngineOptions options) {
        this.options = options;
    }

    /** Plans a job. */
    @FunctionalInterface
    interface Planner {
        StagedPlan plan() throws IOException;
    }

    /** Whether nothing is at an output: what was begun goes on by itself. */
    static boolean isFree(Path out) throws IOException {
        if (!Files.isDirectory(out)) {
            return Files.notExists(out);
        }
        try (Stream<Path> entries = Files.list(out)) {
            return entries.findAny().isEmpty();
        }
    }

    /**
     * Adds a job if it can go in step, and fits the memory beside the others.
     *
     * @param refused tells by its plan whether it is not to be merged now
     */
    boolean add(Job job, Path out, Planner planner, Predicate<StagedPlan> refused)
            throws IOException {
        if (jobs.size() == MOST) {
            return false;
        }
        StagedPlan plan = planner.plan();
        boolean alone =
                refused.test(plan)
                        || !plan.steps().isEmpty()
                        || plan.result().filter(MergeEngine::isInStep).isEmpty();
        if (!alone) {
            List<MergePlan> all = new ArrayList<>();
            targets.forEach(target -> all.add(target.plan()));
            all.add(plan.result().orElseThrow());
            alone = !MergeEngine.fits(all, options);
        }
        if (alone) {
            plan.close();
            return false;
        }
        jobs.add(job);
        plans.add(plan);
        targets.add(new MergeEngine.Target(plan.result().orElseThrow(), out));
        return true;
    }

    int size() {
        return jobs.size();
    }

    Job job(int index) {
        return jobs.get(index);
    }

    StagedPlan plan(int index) {
        return plans.get(index);
    }

    void run(MergeListener listener, Cancellation cancellation) throws IOException {
        MergeEngine.runTogether(targets, options, listener, cancellation);
    }

    @Override
    public void close() throws IOException {
        for (StagedPlan plan : plans) {
            plan.close();
        }
    }
}
