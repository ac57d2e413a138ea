package io.amalgam.internal.spark;

import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeListener;
import io.amalgam.internal.engine.PassRun;
import io.amalgam.internal.engine.SharedResults;
import io.amalgam.internal.io.FileWrites;
import io.amalgam.internal.parts.PartedMerge;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.plan.MergePlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.broadcast.Broadcast;

/**
 * A task of a merge: preparations, a share of a pass, or a part. Makes the plan again, which reads
 * headers alone.
 *
 * @param pass number of the pass; 0 for the preparations, -1 for a part
 * @param shared results of the work before
 */
record MergeTask(JobSettings job, int pass, Broadcast<Map<String, byte[]>> shared)
        implements Function<Integer, TaskResult> {
    static final int PREPARATIONS = 0;
    static final int PART = -1;

    @Override
    public TaskResult call(Integer part) throws IOException {
        return TaskResult.of(() -> run(part));
    }

    private Map<String, byte[]> run(int part) throws IOException {
        TaskContext task = TaskContext.get();
        Cancellation cancellation = new Cancellation();
        MergeListener listener =
                new MergeListener() {
                    @Override
                    public void progressed(Progress progress) {
                        if (task.isInterrupted()) {
                            cancellation.cancel();
                        }
                    }
                };
        try (StagedPlan staged = job.plan()) {
            MergePlan plan = PartedMerge.plan(staged);
            Map<String, byte[]> known = new ConcurrentHashMap<>(shared.value());
            SharedResults results = SharedResults.carried(known, job.parts());
            if (pass == PART) {
                PartRun run = new PartRun(job, plan, part, results, listener, cancellation);
                byte[] report = job.isStored() ? run.toStore() : run.toFolder();
                return Map.of("part-" + part, report);
            }
            PassRun run = new PassRun(plan, job.engine(), results, listener, cancellation);
            Path scratch = Files.createTempDirectory("amalgam-pass-");
            try {
                if (pass == PREPARATIONS) {
                    run.prepare(scratch);
                } else {
                    run.share(pass, part, scratch);
                }
            } finally {
                FileWrites.deleteTree(scratch);
            }
            StoredModels.requireUnchanged(plan);
            known.keySet().removeAll(shared.value().keySet());
            return known;
        }
    }
}
