package io.amalgam.cli.runs;

import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.cli.batch.BatchSummary;
import io.amalgam.cli.console.Console;
import io.amalgam.cli.console.Failure;
import io.amalgam.cli.console.Json;
import io.amalgam.cli.merge.StageProgress;
import io.amalgam.cli.options.PlanOptionsMixin;
import io.amalgam.cli.options.StagesMixin;
import io.amalgam.cli.options.TokenizerMixin;
import io.amalgam.cli.runs.BatchResult.State;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.FinishedMerge;
import io.amalgam.internal.engine.InputFile;
import io.amalgam.internal.io.AtomicFile;
import io.amalgam.internal.recipe.yaml.RecipeReader;
import io.amalgam.internal.stages.StagePlaces;
import io.amalgam.internal.stages.StagedMerge;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.plan.MergePlan;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Runs the merges of a batch one after another, each into its own folder, and continues after a
 * failure.
 */
public final class Batch {
    static final String FILE = "batch.json";

    private final Console console;
    private final PlanOptionsMixin planning;
    private final EngineOptions options;
    private final Settings settings;
    private final Cancellation cancellation;
    private final Map<BatchJob, BatchResult> results = new LinkedHashMap<>();
    private final Set<BatchJob> failed = new HashSet<>();

    /**
     * @param root what the folders are in
     * @param tokens what becomes of tokens that recipes say nothing of
     * @param stages where those of recipes of several documents go
     * @param dryRun whether nothing is written
     * @param quiet whether nothing is said on the way
     * @param json whether progress is not wanted
     */
    public record Settings(
            Path root,
            TokenizerMixin tokens,
            StagesMixin stages,
            io.amalgam.Amalgam amalgam,
            boolean dryRun,
            boolean quiet,
            boolean json) {}

    public Batch(
            Console console,
            PlanOptionsMixin planning,
            EngineOptions options,
            Settings settings,
            Cancellation cancellation) {
        this.console = console;
        this.planning = planning;
        this.options = options;
        this.settings = settings;
        this.cancellation = cancellation;
    }

    /** Runs them; the results are in this order. */
    public BatchSummary run(List<BatchJob> jobs) throws IOException {
        jobs.forEach(
                job -> results.put(job, BatchResult.of(job, out(job), State.NOT_RUN, List.of())));
        List<BatchJob> order = BatchOrder.of(inputs(jobs));
        for (int i = 0; i < order.size() && !cancellation.isRequested(); i++) {
            BatchJob job = order.get(i);
            if (!failed.contains(job)) {
                note("[" + (i + 1) + "/" + order.size() + "] " + job.name());
                put(attempt(job));
                write();
            }
        }
        write();
        return summary();
    }

    private BatchSummary summary() {
        return new BatchSummary(List.copyOf(results.values()));
    }

    private void put(BatchResult result) {
        results.put(result.job(), result);
        if (result.state() == State.FAILED) {
            failed.add(result.job());
            console.warnings(result.warnings());
            console.errors(result.problems());
        }
    }

    private Path out(BatchJob job) {
        return settings.root().resolve(job.name());
    }

    /** What each job reads; those that cannot be planned have failed. */
    private Map<BatchJob, List<InputFile>> inputs(List<BatchJob> jobs) {
        Map<BatchJob, List<InputFile>> inputs = new LinkedHashMap<>();
        for (BatchJob job : jobs) {
            List<InputFile> files = new ArrayList<>();
            inputs.put(job, files);
            if (cancellation.isRequested()) {
                continue;
            }
            try (StagedPlan plan = plan(job)) {
                for (MergePlan each : plans(plan)) {
                    files.addAll(InputFile.origins(each));
                }
            } catch (IOException | RuntimeException e) {
                note("[-/" + jobs.size() + "] " + job.name());
                put(failed(job, e));
            }
        }
        return inputs;
    }

    private static List<MergePlan> plans(StagedPlan plan) {
        List<MergePlan> plans = new ArrayList<>();
        plan.steps().forEach(step -> plans.add(step.plan()));
        plan.result().ifPresent(plans::add);
        return plans;
    }

    private StagedPlan plan(BatchJob job) throws IOException {
        return planning.plan(
                RecipeReader.readAll(job.text(), job.file().toString(), planning.reading()),
                job.file(),
                settings.tokens(),
                settings.stages().kept(),
                settings.amalgam());
    }

    private BatchResult attempt(BatchJob job) {
        long begin = System.nanoTime();
        try (StagedPlan plan = plan(job)) {
            console.warnings(plan.warnings());
            State state = run(job, plan);
            double seconds = state == State.MERGED ? (System.nanoTime() - begin) / 1e9 : 0;
            return new BatchResult(
                    job,
                    out(job),
                    state,
                    seconds,
                    plan.result().map(MergePlan::outputBytes).orElse(0L),
                    plan.result().map(MergePlan::hash).orElse(""),
                    plan.warnings(),
                    List.of());
        } catch (MergeCancelledException e) {
            return BatchResult.of(job, out(job), State.INTERRUPTED, List.of());
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            return failed(job, e);
        }
    }

    private State run(BatchJob job, StagedPlan plan) throws IOException {
        Path out = out(job);
        Optional<MergePlan> result = plan.result();
        if (result.isPresent()) {
            Optional<String> difference = FinishedMerge.difference(result.get(), out);
            if (difference.isEmpty()) {
                return State.UNCHANGED;
            }
            requireReplaceable(out, difference.get());
        }
        StagePlaces places = settings.stages().places(plan, out, job.name());
        if (settings.dryRun()) {
            List<Problem> problems = StagedMerge.problems(plan, places, options);
            if (!problems.isEmpty()) {
                throw new BadInputException(problems);
            }
            return State.CHECKED;
        }
        StagedMerge.Report report;
        try (StageProgress progress =
                new StageProgress(console, settings.quiet(), settings.json())) {
            report = StagedMerge.run(plan, places, options, progress, cancellation);
        }
        boolean nothing =
                report.result().isEmpty()
                        && report.stages().stream().allMatch(stage -> stage.report().isEmpty());
        return nothing ? State.UNCHANGED : State.MERGED;
    }

    /** Says why a merge that was there before is not taken as it is. */
    private void requireReplaceable(Path out, String difference) {
        boolean finished =
                Files.exists(out.resolve(MergeReport.FILE))
                        && !Files.exists(out.resolve(OutputLayout.PARTIAL));
        if (finished && !options.overwrite()) {
            throw new BadInputException(
                    Problem.of("'" + out + "' holds another merge: " + difference)
                            .hint("give --overwrite to replace it"));
        }
    }

    private BatchResult failed(BatchJob job, Throwable e) {
        Failure failure = Failure.of(e, false);
        return BatchResult.of(job, out(job), State.FAILED, failure.problems())
                .warned(failure.warnings());
    }

    private void note(String text) {
        if (!settings.quiet()) {
            console.note(Console.oneLine(text));
        }
    }

    /** The results so far; whole or not at all, so that a batch may be watched. */
    private void write() throws IOException {
        if (settings.dryRun()) {
            return;
        }
        String text = Json.text(summary().json()) + "\n";
        AtomicFile.write(settings.root().resolve(FILE), text.getBytes(StandardCharsets.UTF_8));
    }
}
