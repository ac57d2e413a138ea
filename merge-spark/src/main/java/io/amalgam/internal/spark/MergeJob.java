package io.amalgam.internal.spark;

import io.amalgam.checkpoint.HubOptions;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.engine.MergeListener;
import io.amalgam.engine.MergeReport;
import io.amalgam.internal.engine.MergeEngine;
import io.amalgam.internal.engine.PartReport;
import io.amalgam.internal.engine.PassRun;
import io.amalgam.internal.engine.SharedResults;
import io.amalgam.internal.io.FileWrites;
import io.amalgam.internal.parts.JoinedMerge;
import io.amalgam.internal.parts.PartJson;
import io.amalgam.internal.parts.PartedMerge;
import io.amalgam.internal.parts.PartsFolder;
import io.amalgam.internal.parts.PlanRequest;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.plan.MergePlan;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.PairFunction;
import org.apache.spark.api.java.function.VoidFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;
import scala.Tuple2;

/** A merge on Spark, as its driver sees it: plan, work before the first tensor, parts, join. */
public final class MergeJob {
    /** For each slot, so that the last to end is not far behind the others. */
    private static final int PARTS_EACH = 3;

    private final JavaSparkContext spark;
    private final EngineOptions options;
    private final MergeListener listener;
    private final Cancellation cancellation;
    private final JobSettings asked;
    private final Optional<HubOptions> hub;
    private final long begin = System.nanoTime();

    public MergeJob(
            SparkContext context,
            PlanRequest request,
            String out,
            EngineOptions options,
            Optional<HubOptions> hub,
            MergeListener listener,
            Cancellation cancellation) {
        this.hub = hub;
        this.spark = JavaSparkContext.fromSparkContext(context);
        this.options = options;
        this.listener = listener;
        this.cancellation = cancellation;
        int threads = context.getConf().getInt("spark.task.cpus", 1);
        int cores =
                context.getConf()
                        .getInt("spark.executor.cores", Runtime.getRuntime().availableProcessors());
        this.asked =
                new JobSettings(
                        JobSettings.text(request),
                        "",
                        StoredOutput.isStored(out) ? out : local(out),
                        1,
                        threads,
                        Math.max(1, cores / threads),
                        options.allowNonfinite(),
                        hub.map(MergeJob::cache).orElse(""),
                        new SerializableConfiguration(context.hadoopConfiguration()));
    }

    /**
     * Runs it.
     *
     * @param parts how many; 0 to choose by the files and the cluster
     */
    public MergeReport run(int parts) throws IOException {
        try (StagedPlan staged = asked.plan(hub)) {
            MergePlan plan = PartedMerge.plan(staged);
            int files = plan.layout().files().size();
            int slots = Math.max(1, spark.defaultParallelism() / asked.threads());
            int count = parts > 0 ? parts : Math.min(files, slots * PARTS_EACH);
            JobSettings job = asked.of(plan.hash(), count);
            return job.isStored() ? toStore(plan, job) : toFolder(plan, job);
        }
    }

    private static String cache(HubOptions hub) {
        return hub.cache().toAbsolutePath().normalize().toString();
    }

    private static String local(String out) {
        Path path = out.startsWith("file:") ? Path.of(URI.create(out)) : Path.of(out);
        return path.toAbsolutePath().normalize().toString();
    }

    private MergeReport toFolder(MergePlan plan, JobSettings job) throws IOException {
        Path out = Path.of(job.out());
        merge(plan, job, job.parted(plan, 1, out).begin(options));
        PartsFolder folder =
                PartsFolder.in(out).orElseThrow(() -> new IOException("no parts in " + out));
        cancellation.throwIfRequested();
        return new JoinedMerge(out, folder).run(plan, options);
    }

    private MergeReport toStore(MergePlan plan, JobSettings job) throws IOException {
        StoredOutput out = new StoredOutput(job.out(), job.hadoop().value());
        Path scratch = Files.createTempDirectory("amalgam-driver-");
        try {
            List<Integer> missing = job.parted(plan, 1, scratch).begin(options);
            String key = PartsFolder.in(scratch).orElseThrow().agreement().key();
            StoredModels.requireOther(plan, job.out());
            out.requireFree(key, options.overwrite());
            missing.removeAll(out.finished(key, job.parts()).keySet());
            merge(plan, job, missing);
            cancellation.throwIfRequested();
            Map<Integer, StoredOutput.Attempt> parts = out.finished(key, job.parts());
            if (parts.size() < job.parts()) {
                throw new IOException("not all parts are in '" + job.out() + "'");
            }
            List<PartReport> reports =
                    parts.values().stream().map(StoredOutput.Attempt::report).toList();
            out.commit(
                    plan,
                    key,
                    parts,
                    MergeEngine.companions(plan, reports, options),
                    options,
                    files -> move(job, files));
            return PartReport.joined(plan, reports, List.of());
        } finally {
            FileWrites.deleteTree(scratch);
        }
    }

    /** Each file by a task of its own. */
    private void move(JobSettings job, List<StoredOutput.Move> files) throws IOException {
        if (files.isEmpty()) {
            return;
        }
        VoidFunction<StoredOutput.Move> one =
                file -> new StoredOutput(job.out(), job.hadoop().value()).move(file);
        try {
            spark.parallelize(new ArrayList<>(files), files.size()).foreachAsync(one).get();
        } catch (InterruptedException e) {
            throw MergeCancelledException.byInterrupt(e);
        } catch (ExecutionException e) {
            throw new IOException(
                    "a file cannot be moved to its place: " + WatchedJob.reason(e), e);
        }
    }

    private void merge(MergePlan plan, JobSettings job, List<Integer> missing) throws IOException {
        plan.warnings().forEach(listener::warned);
        listener.started(plan, 0);
        listener.tookOver(job.parts() - missing.size(), job.parts());
        if (!missing.isEmpty()) {
            run(job, MergeTask.PART, missing, before(plan, job), plan);
        }
    }

    /** Preparations by one task, then pass after pass by all; the results go to every task. */
    private Map<String, byte[]> before(MergePlan plan, JobSettings job) throws IOException {
        Map<String, byte[]> shared = new ConcurrentHashMap<>();
        if (!plan.preparations().isEmpty()) {
            shared.putAll(run(job, MergeTask.PREPARATIONS, List.of(1), shared, plan));
        }
        // Of a pass, one result for all parts comes back.
        SharedResults sums = SharedResults.carried(shared, 1);
        PassRun passes = new PassRun(plan, job.engine(), sums, listener, cancellation);
        List<Integer> all = IntStream.rangeClosed(1, job.parts()).boxed().toList();
        for (int pass = 1; passes.has(pass); pass++) {
            listener.surveying(pass, plan.wholeModel().orElseThrow().passes());
            Map<String, byte[]> sum = sum(job, pass, all, shared, plan);
            shared.putAll(sum);
            passes.has(pass + 1);
            // The total is there now: tasks need nothing else.
            shared.keySet().removeAll(sum.keySet());
        }
        return shared;
    }

    /**
     * A pass by all tasks. Partial results are added in a tree of two levels, the first of them by
     * executors; as {@code treeAggregate} does, which can be neither watched nor cancelled.
     */
    private Map<String, byte[]> sum(
            JobSettings job,
            int pass,
            List<Integer> parts,
            Map<String, byte[]> shared,
            MergePlan plan)
            throws IOException {
        int branches = (int) Math.ceil(Math.sqrt(parts.size()));
        Broadcast<Map<String, byte[]>> sent = spark.broadcast(new HashMap<>(shared));
        MergeTask task = new MergeTask(job, pass, sent);
        PairFunction<Integer, Integer, TaskResult> share =
                part -> new Tuple2<>(part % branches, task.call(part));
        PassTree tree = new PassTree(job, pass, sent);
        try {
            TaskResult sum = PassTree.nothing();
            for (TaskResult branch :
                    await(
                            spark.parallelize(parts, parts.size())
                                    .mapToPair(share)
                                    .reduceByKey(tree, branches)
                                    .values(),
                            plan,
                            parts.size())) {
                sum = tree.call(sum, branch);
            }
            return TaskResult.all(List.of(sum));
        } finally {
            sent.destroy();
        }
    }

    private Map<String, byte[]> run(
            JobSettings job,
            int pass,
            List<Integer> parts,
            Map<String, byte[]> shared,
            MergePlan plan)
            throws IOException {
        Broadcast<Map<String, byte[]>> sent = spark.broadcast(new HashMap<>(shared));
        try {
            List<TaskResult> results =
                    await(
                            spark.parallelize(parts, parts.size())
                                    .map(new MergeTask(job, pass, sent)),
                            plan,
                            parts.size());
            if (pass == MergeTask.PART) {
                report(results, plan);
            }
            return TaskResult.all(results);
        } finally {
            sent.destroy();
        }
    }

    private List<TaskResult> await(JavaRDD<TaskResult> results, MergePlan plan, int tasks)
            throws IOException {
        return new WatchedJob<>(spark, results)
                .await(
                        cancellation,
                        finished -> {
                            long written = plan.outputBytes() * Math.min(finished, tasks) / tasks;
                            listener.progressed(progress(plan, written));
                        });
    }

    private void report(List<TaskResult> results, MergePlan plan) throws IOException {
        long moved = 0;
        for (TaskResult result : results) {
            for (byte[] part : result.results().values()) {
                moved += PartJson.read(part).map(done -> done.report().bytesMoved()).orElse(0L);
            }
        }
        listener.progressed(
                new MergeListener.Progress(
                        plan.tasks().size(),
                        plan.outputBytes(),
                        plan.outputBytes(),
                        moved,
                        System.nanoTime() - begin));
    }

    private MergeListener.Progress progress(MergePlan plan, long written) {
        return new MergeListener.Progress(
                0, written, plan.outputBytes(), 0, System.nanoTime() - begin);
    }
}
