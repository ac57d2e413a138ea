package io.amalgam.runs;

import io.amalgam.Amalgam;
import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.FinishedMerge;
import io.amalgam.internal.engine.InputFile;
import io.amalgam.internal.io.AtomicFile;
import io.amalgam.internal.runs.Sweep;
import io.amalgam.internal.stages.StageListener;
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
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Merges by many recipes, each into a folder of its own. Goes on after a merge that fails; finished
 * merges with unchanged inputs are skipped, interrupted ones continued. {@value #FILE} in the root
 * folder has the results so far.
 *
 * <pre>{@code
 * List<Batch.Result> results =
 *         Batch.of(List.of(Path.of("ties.yml")))
 *                 .sweep("density", List.of("0.2", "0.5"))
 *                 .run(Path.of("merged"));
 * }</pre>
 *
 * <p>A recipe's {@code ${density}} is replaced by each value in turn, with all combinations of
 * several sweeps. Methods that set something return this object. For use by one thread at a time.
 */
public final class Batch extends Amalgam.Settings<Batch> {
    /** The results, in the root folder. */
    public static final String FILE = "batch.json";

    private final List<Path> recipes;
    private final List<Sweep> sweeps = new ArrayList<>();
    private Listener listener = new Listener() {};
    private Optional<Path> stages = Optional.empty();
    private boolean dryRun;

    /** Read once: what is checked is what runs. */
    private Optional<List<Job>> jobs = Optional.empty();

    private Batch(List<Path> recipes) {
        super(Amalgam.load());
        this.recipes = List.copyOf(recipes);
        engine(options -> options.resume(true));
    }

    /**
     * A batch of recipe files. Unless {@link #engine} says otherwise, interrupted merges are
     * resumed, others are not replaced.
     */
    public static Batch of(List<Path> recipes) {
        return new Batch(recipes);
    }

    /**
     * One merge.
     *
     * @param name of its folder: the recipe's, with the values
     * @param recipe the file
     * @param text of the recipe, with the values filled in
     * @param values by name
     */
    public record Job(String name, Path recipe, String text, Map<String, String> values) {
        public Job {
            values = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(values));
        }
    }

    /**
     * The result of one merge.
     *
     * @param output its folder
     * @param seconds of the run; 0 if there was none
     * @param bytes of the weights; 0 if it could not be planned
     * @param planHash of the merge; empty if it could not be planned
     * @param warnings of its plan
     * @param problems that made it fail
     */
    public record Result(
            Job job,
            Path output,
            State state,
            double seconds,
            long bytes,
            String planHash,
            List<Problem> warnings,
            List<Problem> problems) {
        public Result {
            warnings = List.copyOf(warnings);
            problems = List.copyOf(problems);
        }

        static Result of(Job job, Path output, State state) {
            return new Result(job, output, state, 0, 0, "", List.of(), List.of());
        }
    }

    /** How a merge ended. */
    public enum State {
        MERGED,
        /** Its output is complete, from the same recipe and inputs. */
        UNCHANGED,
        /** It would be merged: a dry run. */
        CHECKED,
        FAILED,
        INTERRUPTED,
        /** The batch was interrupted before it began. */
        NOT_RUN;

        /** For people: {@code not run}. */
        public String word() {
            return name().toLowerCase(Locale.ROOT).replace('_', ' ');
        }
    }

    /** Hears how a batch goes, from the thread that runs it. */
    public interface Listener {
        /**
         * A merge begins.
         *
         * @param number from 1; 0 if it could not be planned
         * @param count of all merges
         */
        default void begins(Job job, int number, int count) {}

        /** The plan has warnings. */
        default void warnings(Job job, List<Problem> warnings) {}

        /** A merge has ended. */
        default void ends(Result result) {}

        /** Hears of the stages and the progress of the merge that began. */
        default StageListener merging() {
            return StageListener.NONE;
        }

        /** The problems that results report for a failure; by default its own, or its message. */
        default List<Problem> problems(Throwable failure) {
            return failure instanceof BadInputException bad
                    ? bad.problems()
                    : List.of(Problem.of(String.valueOf(failure.getMessage())));
        }

        /** The words of a problem in results. */
        default Problem words(Problem problem) {
            return problem;
        }
    }

    /**
     * Merges once for each value of a name, in combination with all other sweeps.
     *
     * @param name in recipes, as <code>${name}</code>
     */
    public Batch sweep(String name, List<String> values) {
        sweeps.add(new Sweep(name, values));
        jobs = Optional.empty();
        return this;
    }

    /** Hears how the batch goes. */
    public Batch listener(Listener hears) {
        listener = Objects.requireNonNull(hears, "hears");
        return this;
    }

    /** Keeps the results of named documents, in a folder for each merge. */
    public Batch keepStages(Path folder) {
        stages = Optional.of(folder);
        return this;
    }

    /** Checks everything and writes nothing. */
    public Batch dryRun(boolean dry) {
        dryRun = dry;
        return this;
    }

    /**
     * The merges: one for each recipe and combination of values.
     *
     * @throws BadInputException if a recipe cannot be read, a place has no value, a value has no
     *     place, or two merges would have one folder
     */
    public List<Job> jobs() throws IOException {
        if (jobs.isEmpty()) {
            jobs = Optional.of(List.copyOf(BatchJobs.of(recipes, sweeps)));
        }
        return jobs.get();
    }

    /**
     * Runs all merges, in an order in which each reads as much as possible of what the one before
     * it read.
     *
     * @return in the order of {@link #jobs}
     * @throws BadInputException as {@link #jobs}; all other failures are results
     * @throws IOException if {@value #FILE} cannot be written
     */
    public List<Result> run(Path root) throws IOException {
        return new Run(root, jobs()).run();
    }

    /** Results as the text of {@value #FILE}. */
    public static String json(List<Result> results) {
        return BatchJson.text(results);
    }

    private StagedPlan plan(Job job) throws IOException {
        return amalgam()
                .foldersOf(job.recipe())
                .plan(
                        Amalgam.recipes(
                                job.text(), job.recipe().toString(), planOptions().strict()),
                        planOptions(),
                        stages.isPresent());
    }

    /** One run of a batch. */
    private final class Run {
        private final Path root;
        private final List<Job> jobs;
        private final Map<Job, Result> results = new LinkedHashMap<>();
        private final Set<Job> failed = new HashSet<>();

        Run(Path root, List<Job> jobs) {
            this.root = root;
            this.jobs = jobs;
        }

        List<Result> run() throws IOException {
            jobs.forEach(job -> results.put(job, Result.of(job, out(job), State.NOT_RUN)));
            List<Job> order = BatchOrder.of(inputs());
            for (int i = 0; i < order.size() && !cancellation().isRequested(); i++) {
                Job job = order.get(i);
                if (!failed.contains(job)) {
                    listener.begins(job, i + 1, order.size());
                    put(attempt(job));
                    write();
                }
            }
            write();
            return List.copyOf(results.values());
        }

        private Path out(Job job) {
            return root.resolve(job.name());
        }

        private void put(Result result) {
            results.put(result.job(), result);
            if (result.state() == State.FAILED) {
                failed.add(result.job());
            }
            listener.ends(result);
        }

        /** The files each merge reads; those that cannot be planned have failed. */
        private Map<Job, List<InputFile>> inputs() {
            Map<Job, List<InputFile>> inputs = new LinkedHashMap<>();
            for (Job job : jobs) {
                List<InputFile> files = new ArrayList<>();
                inputs.put(job, files);
                if (cancellation().isRequested()) {
                    continue;
                }
                try (StagedPlan plan = plan(job)) {
                    for (MergePlan each : plans(plan)) {
                        files.addAll(InputFile.origins(each));
                    }
                } catch (IOException | RuntimeException e) {
                    listener.begins(job, 0, jobs.size());
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

        private Result attempt(Job job) {
            long begin = System.nanoTime();
            try (StagedPlan plan = plan(job)) {
                listener.warnings(job, plan.warnings());
                State state = run(job, plan);
                double seconds = state == State.MERGED ? (System.nanoTime() - begin) / 1e9 : 0;
                return new Result(
                        job,
                        out(job),
                        state,
                        seconds,
                        plan.result().map(MergePlan::outputBytes).orElse(0L),
                        plan.result().map(MergePlan::hash).orElse(""),
                        words(plan.warnings()),
                        List.of());
            } catch (MergeCancelledException e) {
                return Result.of(job, out(job), State.INTERRUPTED);
            } catch (IOException | RuntimeException | OutOfMemoryError e) {
                return failed(job, e);
            }
        }

        private State run(Job job, StagedPlan plan) throws IOException {
            Path out = out(job);
            Optional<MergePlan> result = plan.result();
            if (result.isPresent()) {
                Optional<String> difference = FinishedMerge.difference(result.get(), out);
                if (difference.isEmpty()) {
                    return State.UNCHANGED;
                }
                requireReplaceable(out, difference.get());
            }
            StagePlaces places =
                    StagePlaces.of(plan, out, stages.map(folder -> folder.resolve(job.name())));
            if (dryRun) {
                List<Problem> problems = StagedMerge.problems(plan, places, engineOptions());
                if (!problems.isEmpty()) {
                    throw new BadInputException(problems);
                }
                return State.CHECKED;
            }
            StagedMerge.Report report =
                    StagedMerge.run(
                            plan, places, engineOptions(), listener.merging(), cancellation());
            boolean nothing =
                    report.result().isEmpty()
                            && report.stages().stream().allMatch(stage -> stage.report().isEmpty());
            return nothing ? State.UNCHANGED : State.MERGED;
        }

        /** Refuses to replace a complete merge of another plan. */
        private void requireReplaceable(Path out, String difference) {
            boolean finished =
                    Files.exists(out.resolve(MergeReport.FILE))
                            && !Files.exists(out.resolve(OutputLayout.PARTIAL));
            if (finished && !engineOptions().overwrite()) {
                throw new BadInputException(
                        Problem.of("'" + out + "' holds another merge: " + difference)
                                .hint("give EngineOptions.overwrite(true) to replace it"));
            }
        }

        private Result failed(Job job, Throwable e) {
            return new Result(
                    job,
                    out(job),
                    State.FAILED,
                    0,
                    0,
                    "",
                    words(e instanceof BadInputException bad ? bad.warnings() : List.of()),
                    words(listener.problems(e)));
        }

        private List<Problem> words(List<Problem> problems) {
            return problems.stream().map(listener::words).toList();
        }

        /** The results so far, whole or not at all, so that a batch may be watched. */
        private void write() throws IOException {
            if (!dryRun) {
                AtomicFile.write(
                        root.resolve(FILE),
                        (json(List.copyOf(results.values())) + "\n")
                                .getBytes(StandardCharsets.UTF_8));
            }
        }
    }
}
