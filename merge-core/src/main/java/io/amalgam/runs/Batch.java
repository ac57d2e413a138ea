package io.amalgam.runs;

import io.amalgam.Amalgam;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeListener;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.runs.Sweep;
import io.amalgam.internal.stages.StagedPlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Merges by many recipes, each into a folder or file of its own. Goes on after a merge that fails;
 * finished merges with unchanged inputs are skipped, interrupted ones continued. {@value #FILE} in
 * the root folder has the results so far.
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
    private String ending = "";
    private Optional<Judge> judge = Optional.empty();
    private int keepBest = Integer.MAX_VALUE;
    private boolean together;
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
     * @param output its folder or file
     * @param seconds of the run; 0 if there was none
     * @param bytes of the weights; 0 if it could not be planned
     * @param planHash of the merge; empty if it could not be planned
     * @param warnings of its plan
     * @param problems that made it, or its judge, fail
     * @param score by its judge; empty if it was not judged
     */
    public record Result(
            Job job,
            Path output,
            State state,
            double seconds,
            long bytes,
            String planHash,
            List<Problem> warnings,
            List<Problem> problems,
            Optional<Score> score) {
        public Result {
            warnings = List.copyOf(warnings);
            problems = List.copyOf(problems);
        }

        static Result of(Job job, Path output, State state) {
            return new Result(job, output, state, 0, 0, "", List.of(), List.of(), Optional.empty());
        }

        Result state(State changed) {
            return new Result(
                    job, output, changed, seconds, bytes, planHash, warnings, problems, score);
        }

        Result scored(Score found) {
            return new Result(
                    job,
                    output,
                    state,
                    seconds,
                    bytes,
                    planHash,
                    warnings,
                    problems,
                    Optional.of(found));
        }

        Result withProblems(List<Problem> found) {
            return new Result(job, output, state, seconds, bytes, planHash, warnings, found, score);
        }
    }

    /**
     * How good a merged model is.
     *
     * @param value the figure that counts, finite
     * @param figures that it was made of, by name
     */
    public record Score(double value, Map<String, Double> figures) {
        public Score {
            figures = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(figures));
        }
    }

    /** Judges merged models. */
    public interface Judge {
        /**
         * The score of a model.
         *
         * @throws BadInputException if it cannot be judged
         */
        Score score(Path model, Cancellation cancellation) throws IOException;

        /** Whether scores are losses. */
        boolean smallerIsBetter();

        /**
         * Tells it from other judges: the scores of an earlier batch are taken if it is the same.
         */
        default String identity() {
            return "";
        }
    }

    /** How a merge ended. */
    public enum State {
        MERGED,
        /** Its output is complete, from the same recipe and inputs. */
        UNCHANGED,
        /** It would be merged: a dry run. */
        CHECKED,
        /** Its output was removed: others have better scores. */
        REMOVED,
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
        default MergeListener merging() {
            return MergeListener.NONE;
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

    /** Judges each merged model; the results have its scores. */
    public Batch judge(Judge judges) {
        judge = Optional.of(Objects.requireNonNull(judges, "judges"));
        return this;
    }

    /**
     * Keeps so many of the best outputs and removes others as soon as they lose.
     *
     * @throws IllegalArgumentException if the number is below 1
     */
    public Batch keepBest(int outputs) {
        if (outputs < 1) {
            throw new IllegalArgumentException("expected at least 1, got " + outputs);
        }
        keepBest = outputs;
        return this;
    }

    /** Hears how the batch goes. */
    public Batch listener(Listener listener) {
        this.listener = Objects.requireNonNull(listener, "listener");
        return this;
    }

    /** Keeps the results of named documents, in a folder for each merge. */
    public Batch keepStages(Path folder) {
        stages = Optional.of(folder);
        return this;
    }

    /**
     * Ends the names of all outputs; by it their format is chosen: {@code .gguf} for one file each.
     */
    public Batch ending(String ends) {
        ending = Objects.requireNonNull(ends, "ends");
        return this;
    }

    /**
     * Whether merges that share inputs are made at a time, so that these are read once: tensors of
     * methods that take one pass, of up to 16 merges. Outputs are the same.
     */
    public Batch together(boolean inStep) {
        together = inStep;
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
        return new BatchRun(
                        root,
                        jobs(),
                        new BatchRun.Setup(
                                this::plan,
                                engineOptions(),
                                stages,
                                ending,
                                dryRun,
                                judge,
                                keepBest,
                                together,
                                listener,
                                cancellation()))
                .run();
    }

    /** Results as the text of {@value #FILE}. */
    public static String json(List<Result> results) {
        return BatchJson.text(results, Optional.empty());
    }

    /** The results with a score, the best first. */
    public static List<Result> ranked(List<Result> results, boolean smallerIsBetter) {
        return BatchScores.ranked(results, smallerIsBetter);
    }

    /** Without an ending, the format is what was set. */
    private Amalgam parts(Job job) {
        return ending.isEmpty() ? amalgam() : amalgam().writing(Path.of(job.name() + ending));
    }

    private StagedPlan plan(Job job) throws IOException {
        return parts(job)
                .foldersOf(job.recipe())
                .plan(
                        Amalgam.recipes(
                                job.text(), job.recipe().toString(), planOptions().strict()),
                        planOptions(),
                        stages.isPresent());
    }
}
