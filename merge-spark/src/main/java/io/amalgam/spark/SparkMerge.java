package io.amalgam.spark;

import io.amalgam.Amalgam;
import io.amalgam.checkpoint.HubOptions;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeListener;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.parts.PlanRequest;
import io.amalgam.internal.spark.MergeJob;
import io.amalgam.plan.PlanOptions;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.apache.spark.SparkContext;

/**
 * A merge on Spark, with the bytes of a merge on one machine:
 *
 * <pre>{@code
 * MergeReport report = SparkMerge.of(sc, Path.of("recipe.yml"), Path.of("/shared/merged")).run();
 * }</pre>
 *
 * <p>The driver makes the plan; every task makes it again and compares hashes. A task writes the
 * files of one part beside the output; of several attempts the first to end counts. The driver
 * checks all parts and completes the model. A job that was stopped is run again: parts that are
 * whole are not merged again. The setters return the object itself. Not thread-safe.
 */
public final class SparkMerge {
    private final SparkContext context;
    private final Path recipe;
    private final String out;
    private PlanOptions planOptions = PlanOptions.DEFAULT;
    private EngineOptions engineOptions = Amalgam.engine();
    private MergeListener listener = MergeListener.NONE;
    private Cancellation cancellation = new Cancellation();
    private Optional<HubOptions> hub = Optional.empty();
    private int parts;

    private SparkMerge(SparkContext context, Path recipe, String out) {
        this.context = Objects.requireNonNull(context, "context");
        this.recipe = Objects.requireNonNull(recipe, "recipe");
        this.out = Objects.requireNonNull(out, "out");
    }

    /**
     * @param recipe a file of the driver's; its models are in folders that all machines share, or
     *     in stores that Hadoop knows ({@code s3a://bucket/model})
     * @param out a new or empty directory that all machines share
     */
    public static SparkMerge of(SparkContext context, Path recipe, Path out) {
        return new SparkMerge(context, recipe, out.toString());
    }

    /**
     * @param recipe likewise
     * @param out a new or empty folder in a store that Hadoop knows: {@code s3a://bucket/merged}
     */
    public static SparkMerge of(SparkContext context, Path recipe, URI out) {
        return new SparkMerge(context, recipe, out.toString());
    }

    /** Changes what the plan depends on: seed, shards, quantisation. */
    public SparkMerge plan(UnaryOperator<PlanOptions> change) {
        planOptions = change.apply(planOptions);
        return this;
    }

    /**
     * Changes how the merge runs: overwriting, report, NaN. Threads and memory are those of the
     * executors: {@code spark.task.cpus} threads for each task.
     */
    public SparkMerge engine(UnaryOperator<EngineOptions> change) {
        engineOptions = change.apply(engineOptions);
        return this;
    }

    /**
     * The number of parts. Default: three for each slot of the cluster, at most one a file.
     *
     * @throws IllegalArgumentException if it is below 1
     */
    public SparkMerge parts(int count) {
        if (count < 1) {
            throw new IllegalArgumentException("parts: expected at least 1, got " + count);
        }
        parts = count;
        return this;
    }

    /**
     * Accepts names of the hub. The driver downloads what the cache lacks; the tasks read the
     * cache.
     *
     * @param options with a cache that all machines share
     */
    public SparkMerge hub(HubOptions options) {
        hub = Optional.of(options);
        return this;
    }

    /** Is told of the progress, on the calling thread. */
    public SparkMerge listener(MergeListener listener) {
        this.listener = Objects.requireNonNull(listener, "listener");
        return this;
    }

    /** Lets another thread stop it. */
    public SparkMerge cancellation(Cancellation stops) {
        cancellation = Objects.requireNonNull(stops, "stops");
        return this;
    }

    /**
     * Merges.
     *
     * @throws io.amalgam.error.BadInputException if recipe, models or output have problems, or an
     *     input changed
     * @throws IOException if tasks fail again and again; the job can be run again
     * @throws io.amalgam.engine.MergeCancelledException if stopped; likewise
     */
    public MergeReport run() throws IOException {
        Path folder = recipe.toAbsolutePath().getParent();
        PlanRequest request =
                new PlanRequest(
                        recipe.toString(),
                        text(),
                        folder == null ? List.of(Path.of("")) : List.of(Path.of(""), folder),
                        planOptions);
        return new MergeJob(context, request, out, engineOptions, hub, listener, cancellation)
                .run(parts);
    }

    private String text() throws IOException {
        try {
            return Files.readString(recipe);
        } catch (NoSuchFileException e) {
            throw new BadInputException(
                    Problem.expected("recipe '" + recipe + "'", "a file", "nothing there")
                            .hint("give a file of the driver's machine"),
                    e);
        }
    }
}
