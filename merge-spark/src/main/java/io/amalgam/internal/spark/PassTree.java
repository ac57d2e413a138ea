package io.amalgam.internal.spark;

import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeListener;
import io.amalgam.internal.engine.PassRun;
import io.amalgam.internal.engine.PassSum;
import io.amalgam.internal.engine.SharedResults;
import io.amalgam.internal.parts.PartedMerge;
import io.amalgam.internal.stages.StagedPlan;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.function.Function2;
import org.apache.spark.broadcast.Broadcast;
import org.jspecify.annotations.Nullable;

/**
 * Adds the partial results of a pass over the whole model in a tree. The sum does not depend on the
 * tree: counts are exact, and the states of tensors stay apart. A task that adds makes the plan
 * once.
 */
final class PassTree implements Function2<TaskResult, TaskResult, TaskResult> {
    private static final long serialVersionUID = 1;

    private final JobSettings job;
    private final int pass;
    private final Broadcast<Map<String, byte[]>> shared;
    private transient @Nullable PassSum sum;

    /**
     * @param pass its number
     * @param shared results of the work before
     */
    PassTree(JobSettings job, int pass, Broadcast<Map<String, byte[]>> shared) {
        this.job = job;
        this.pass = pass;
        this.shared = shared;
    }

    /** The sum of no partial results. */
    static TaskResult nothing() {
        return new TaskResult(new HashMap<>(), new ArrayList<>());
    }

    @Override
    public TaskResult call(TaskResult one, TaskResult other) throws IOException {
        ArrayList<String> problems = new ArrayList<>(one.problems());
        problems.addAll(other.problems());
        if (!problems.isEmpty()) {
            return new TaskResult(new HashMap<>(), problems);
        }
        List<byte[]> shares = new ArrayList<>(one.results().values());
        shares.addAll(other.results().values());
        if (shares.isEmpty()) {
            return nothing();
        }
        return TaskResult.of(() -> Map.of(SharedResults.share(pass, 1), added(shares)));
    }

    private byte[] added(List<byte[]> shares) throws IOException {
        byte[] added = shares.get(0);
        for (byte[] share : shares.subList(1, shares.size())) {
            if (sum == null) {
                sum = planned();
            }
            added = sum.together(added, share);
        }
        return added;
    }

    private PassSum planned() throws IOException {
        try (StagedPlan staged = job.plan()) {
            return new PassRun(
                            PartedMerge.plan(staged),
                            job.engine(),
                            SharedResults.carried(new HashMap<>(shared.value()), 1),
                            MergeListener.NONE,
                            new Cancellation())
                    .sum(pass);
        }
    }
}
