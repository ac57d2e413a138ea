package io.amalgam.runs;

import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.engine.MergeListener;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.FinishedMerge;
import io.amalgam.internal.engine.InputFile;
import io.amalgam.internal.engine.OutputPlaces;
import io.amalgam.internal.io.AtomicFile;
import io.amalgam.internal.io.FileWrites;
import io.amalgam.internal.runs.ScoreProcess;
import io.amalgam.internal.stages.StagePlaces;
import io.amalgam.internal.stages.StagedMerge;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.plan.MergePlan;
import io.amalgam.runs.Batch.Job;
import io.amalgam.runs.Batch.Result;
import io.amalgam.runs.Batch.Score;
import io.amalgam.runs.Batch.State;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** One run of a {@link Batch}. */
final class BatchRun {
    /** Plans a merge; who asks closes the plan. */
    @FunctionalInterface
    interface Planner {
        StagedPlan plan(Job job) throws IOException;
    }

    /**
     * How merges run.
     *
     * @param stages where results of named documents are kept, in a folder for each merge
     * @param ending of the outputs' names
     * @param keepBest how many of the best outputs stay
     * @param together whether inputs are read once for all merges that can go in step
     */
    record Setup(
            Planner planner,
            EngineOptions engine,
            Optional<Path> stages,
            String ending,
            boolean dryRun,
            Optional<Batch.Judge> judge,
            int keepBest,
            boolean together,
            Batch.Listener listener,
            Cancellation cancellation) {}

    private final Path root;
    private final List<Job> jobs;
    private final Setup setup;
    private final Map<Job, Result> results = new LinkedHashMap<>();
    private final Set<Job> failed = new HashSet<>();
    private final Set<Job> alone = new HashSet<>();
    private final Map<String, String> identities = new HashMap<>();
    private @Nullable BatchScores scores;

    BatchRun(Path root, List<Job> jobs, Setup setup) {
        this.root = root;
        this.jobs = jobs;
        this.setup = setup;
    }

    List<Result> run() throws IOException {
        jobs.forEach(job -> results.put(job, Result.of(job, out(job), State.NOT_RUN)));
        Map<Job, List<InputFile>> inputs = inputs();
        if (setup.judge().isPresent()) {
            scores = BatchScores.read(root, setup.judge().get());
            inputs.forEach((job, files) -> identities.put(job.name(), BatchScores.identity(files)));
        }
        List<Job> order = BatchOrder.of(inputs);
        for (int i = 0; i < order.size() && !setup.cancellation().isRequested(); i++) {
            Job job = order.get(i);
            if (!isWaiting(job)) {
                continue;
            }
            if (!setup.together() || !together(order.subList(i, order.size()), inputs, i)) {
                setup.listener().begins(job, i + 1, order.size());
                put(attempt(job, of(inputs, job)));
                removeBeaten();
                write();
            }
        }
        write();
        return List.copyOf(results.values());
    }

    private boolean isWaiting(Job job) {
        return Objects.requireNonNull(results.get(job)).state() == State.NOT_RUN;
    }

    private static List<InputFile> of(Map<Job, List<InputFile>> inputs, Job job) {
        return Objects.requireNonNull(inputs.get(job));
    }

    private Path out(Job job) {
        return root.resolve(job.name() + setup.ending());
    }

    private void put(Result result) {
        results.put(result.job(), result);
        if (result.state() == State.FAILED) {
            failed.add(result.job());
        }
        setup.listener().ends(result);
    }

    /** The files each merge reads; those that cannot be planned have failed. */
    private Map<Job, List<InputFile>> inputs() {
        Map<Job, List<InputFile>> inputs = new LinkedHashMap<>();
        for (Job job : jobs) {
            List<InputFile> files = new ArrayList<>();
            inputs.put(job, files);
            if (setup.cancellation().isRequested()) {
                continue;
            }
            try (StagedPlan plan = setup.planner().plan(job)) {
                for (MergePlan each : plans(plan)) {
                    files.addAll(InputFile.origins(each));
                }
            } catch (IOException | RuntimeException e) {
                setup.listener().begins(job, 0, jobs.size());
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

    /** Merges the first job with those that share its inputs; false where it has to go alone. */
    private boolean together(List<Job> jobs, Map<Job, List<InputFile>> inputs, int before)
            throws IOException {
        Job first = jobs.get(0);
        if (alone.contains(first) || setup.dryRun()) {
            return false;
        }
        long begin = System.nanoTime();
        try (JobGroup group = new JobGroup(setup.engine())) {
            for (Job job : jobs) {
                boolean fits =
                        isWaiting(job)
                                && !alone.contains(job)
                                && JobGroup.isFree(out(job))
                                && BatchOrder.share(of(inputs, first), of(inputs, job));
                boolean added =
                        fits
                                && group.add(
                                        job,
                                        out(job),
                                        () -> setup.planner().plan(job),
                                        plan -> isBeaten(job, known(job, plan, of(inputs, job))));
                if (job.equals(first) && !added) {
                    return false;
                }
            }
            if (group.size() < 2) {
                return false;
            }
            for (int i = 0; i < group.size(); i++) {
                setup.listener().begins(group.job(i), before + i + 1, results.size());
                setup.listener().warnings(group.job(i), group.plan(i).warnings());
            }
            MergeListener merging = setup.listener().merging();
            merging.result(out(first));
            group.run(merging, setup.cancellation());
            double seconds = (System.nanoTime() - begin) / 1e9 / group.size();
            for (int i = 0; i < group.size(); i++) {
                put(judged(merged(group.job(i), group.plan(i), State.MERGED, seconds)));
                removeBeaten();
                write();
            }
            return true;
        } catch (MergeCancelledException e) {
            put(Result.of(first, out(first), State.INTERRUPTED));
            return true;
        } catch (ScoreProcess.NotStarted e) {
            throw e;
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            // Each by itself: then one's failure is not that of all.
            alone.addAll(jobs);
            return false;
        }
    }

    private Result merged(Job job, StagedPlan plan, State state, double seconds) {
        return new Result(
                job,
                out(job),
                state,
                seconds,
                plan.result().map(MergePlan::outputBytes).orElse(0L),
                plan.result().map(MergePlan::hash).orElse(""),
                words(plan.warnings()),
                List.of(),
                Optional.empty());
    }

    private Result attempt(Job job, List<InputFile> inputs) {
        long begin = System.nanoTime();
        Result result;
        Optional<Score> known;
        try (StagedPlan plan = setup.planner().plan(job)) {
            setup.listener().warnings(job, plan.warnings());
            known = known(job, plan, inputs);
            State state = isBeaten(job, known) ? State.REMOVED : run(job, plan);
            double seconds = state == State.MERGED ? (System.nanoTime() - begin) / 1e9 : 0;
            result = merged(job, plan, state, seconds);
            if (known.isPresent()) {
                result = result.scored(known.get());
            }
        } catch (MergeCancelledException e) {
            return Result.of(job, out(job), State.INTERRUPTED);
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            return failed(job, e);
        }
        boolean there = result.state() == State.MERGED || result.state() == State.UNCHANGED;
        return there && known.isEmpty() ? judged(result) : result;
    }

    /** The score that an earlier batch has measured of the same merge. */
    private Optional<Score> known(Job job, StagedPlan plan, List<InputFile> inputs) {
        String hash = plan.result().map(MergePlan::hash).orElse("");
        return scores == null || hash.isEmpty()
                ? Optional.empty()
                : scores.of(job.name(), hash, inputs);
    }

    /** Whether it was judged and removed before, and would be again. */
    private boolean isBeaten(Job job, Optional<Score> known) {
        return scores != null
                && known.isPresent()
                && !setup.dryRun()
                && !Files.exists(out(job))
                && scores.isBeaten(known.get(), setup.keepBest(), identities.keySet());
    }

    /** The merge is there, whatever its judge says. */
    private Result judged(Result result) {
        if (setup.judge().isEmpty() || result.planHash().isEmpty()) {
            return result;
        }
        try {
            return result.scored(setup.judge().get().score(result.output(), setup.cancellation()));
        } catch (MergeCancelledException e) {
            return result.state(State.INTERRUPTED);
        } catch (ScoreProcess.NotStarted e) {
            throw e;
        } catch (IOException | RuntimeException | OutOfMemoryError e) {
            return result.withProblems(words(setup.listener().problems(e)));
        }
    }

    private void removeBeaten() throws IOException {
        if (setup.judge().isEmpty()) {
            return;
        }
        List<Result> ranked =
                BatchScores.ranked(
                        List.copyOf(results.values()), setup.judge().get().smallerIsBetter());
        for (Result loser :
                ranked.subList(Math.min(setup.keepBest(), ranked.size()), ranked.size())) {
            if (loser.state() == State.MERGED || loser.state() == State.UNCHANGED) {
                remove(loser.output());
                results.put(loser.job(), loser.state(State.REMOVED));
            }
        }
    }

    /** A folder with all that is in it, or a file with those that are named after it. */
    private static void remove(Path output) throws IOException {
        if (!Files.isDirectory(output)) {
            String beside = output.getFileName() + ".";
            try (DirectoryStream<Path> files =
                    Files.newDirectoryStream(
                            Objects.requireNonNull(output.toAbsolutePath().getParent()),
                            file -> file.getFileName().toString().startsWith(beside))) {
                for (Path file : files) {
                    Files.deleteIfExists(file);
                }
            }
        }
        FileWrites.deleteTree(output);
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
                StagePlaces.of(plan, out, setup.stages().map(folder -> folder.resolve(job.name())));
        if (setup.dryRun()) {
            List<Problem> problems = StagedMerge.problems(plan, places, setup.engine());
            if (!problems.isEmpty()) {
                throw new BadInputException(problems);
            }
            return State.CHECKED;
        }
        MergeReport.OfRecipe report =
                StagedMerge.run(
                        plan,
                        places,
                        setup.engine(),
                        setup.listener().merging(),
                        setup.cancellation());
        boolean nothing =
                report.result().isEmpty()
                        && report.stages().stream().allMatch(stage -> stage.report().isEmpty());
        return nothing ? State.UNCHANGED : State.MERGED;
    }

    /** Refuses to replace a complete merge of another plan. */
    private void requireReplaceable(Path out, String difference) {
        boolean finished =
                Files.exists(OutputPlaces.beside(out, MergeReport.FILE))
                        && !Files.exists(out.resolve(OutputLayout.PARTIAL));
        if (finished && !setup.engine().overwrite()) {
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
                words(setup.listener().problems(e)),
                Optional.empty());
    }

    private List<Problem> words(List<Problem> problems) {
        return problems.stream().map(setup.listener()::words).toList();
    }

    /** The results so far, whole or not at all, so that a batch may be watched. */
    private void write() throws IOException {
        if (!setup.dryRun()) {
            AtomicFile.write(
                    root.resolve(Batch.FILE), (json() + "\n").getBytes(StandardCharsets.UTF_8));
        }
    }

    /** As it is written. */
    String json() {
        return BatchJson.text(
                List.copyOf(results.values()),
                setup.judge().map(judge -> new BatchJson.Judged(judge, identities)));
    }
}
