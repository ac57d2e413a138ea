package io.amalgam.internal.spark;

import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeListener;
import io.amalgam.internal.engine.PartReport;
import io.amalgam.internal.engine.SharedResults;
import io.amalgam.internal.io.FileWrites;
import io.amalgam.internal.parts.Part;
import io.amalgam.internal.parts.PartJson;
import io.amalgam.internal.parts.PartsFolder;
import io.amalgam.plan.MergePlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;

/** One attempt of one part, in a task. */
record PartRun(
        JobSettings job,
        MergePlan plan,
        int part,
        SharedResults shared,
        MergeListener listener,
        Cancellation cancellation) {

    /** Writes it beside the output, and returns its report. */
    byte[] toFolder() throws IOException {
        return attempt(Path.of(job.out()));
    }

    /** Writes it to this machine's disk and uploads it; returns its report. */
    byte[] toStore() throws IOException {
        Path scratch = Files.createTempDirectory("amalgam-part-");
        try {
            job.parted(plan, part, scratch).begin(job.engine());
            byte[] report = attempt(scratch);
            PartsFolder folder = PartsFolder.in(scratch).orElseThrow();
            Part one = new Part(part, job.parts());
            new StoredOutput(job.out(), job.hadoop().value())
                    .upload(folder.agreement().key(), one, name(), folder.of(one), report);
            return report;
        } finally {
            FileWrites.deleteTree(scratch);
        }
    }

    /** Spark's number is one of this driver's alone: an earlier one's may be running or left. */
    private static String name() {
        return "attempt-" + TaskContext.get().taskAttemptId() + "-" + UUID.randomUUID();
    }

    private byte[] attempt(Path out) throws IOException {
        PartReport report =
                job.parted(plan, part, out)
                        .attempt(
                                name(),
                                "executor " + SparkEnv.get().executorId(),
                                shared,
                                job.engine(),
                                listener,
                                cancellation);
        StoredModels.requireUnchanged(plan);
        return PartJson.of(report);
    }
}
