package io.amalgam.internal.stages;

import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.InputFile;
import io.amalgam.internal.engine.MemoryNeeds;
import io.amalgam.internal.engine.MergeEngine;
import io.amalgam.internal.engine.OutputCheck;
import io.amalgam.internal.stages.StagedPlan.Step;
import io.amalgam.plan.MergePlan;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Runs the plans of a recipe file: first the stages that are written, in order, each unless it is
 * there from an earlier run, then the result, which reads them.
 */
public final class StagedMerge {
    private StagedMerge() {}

    /**
     * What a run did.
     *
     * @param stages the written stages in order
     * @param result of the document without a name; empty where all are named
     */
    public record Report(List<StageReport> stages, Optional<MergeReport> result) {
        public Report {
            stages = List.copyOf(stages);
        }

        /** Those of all merges. */
        public List<Problem> warnings() {
            List<Problem> warnings = new ArrayList<>();
            stages.forEach(stage -> stage.report().ifPresent(r -> warnings.addAll(r.warnings())));
            result.ifPresent(r -> warnings.addAll(r.warnings()));
            return warnings;
        }
    }

    /**
     * @param report empty where the stage was there already
     */
    public record StageReport(String name, Path directory, Optional<MergeReport> report) {}

    /**
     * Everything that speaks against a run: outputs that cannot be written to, too little space or
     * memory. Nothing where it may go ahead.
     *
     * @throws IOException if what is there cannot be looked at
     */
    public static List<Problem> problems(StagedPlan plan, StagePlaces places, EngineOptions options)
            throws IOException {
        return problems(plan, places, places.done(plan), options);
    }

    private static List<Problem> problems(
            StagedPlan plan, StagePlaces places, Set<String> done, EngineOptions options)
            throws IOException {
        List<Problem> problems = new ArrayList<>();
        if (plan.result().isPresent()) {
            problems.addAll(
                    OutputCheck.problems(
                            plan.result().get(),
                            places.out(),
                            options.resume(),
                            options.overwrite()));
        }
        for (Step step : plan.written()) {
            // Beside the output lies nothing but what earlier runs left.
            if (places.kept() && !done.contains(step.name())) {
                problems.addAll(
                        OutputCheck.problems(
                                step.plan(),
                                places.of(step.name()),
                                options.resume(),
                                options.overwrite()));
            }
        }
        places.nested(plan).ifPresent(problems::add);
        places.shared(plan).ifPresent(problems::add);
        problems.addAll(places.space(plan, done));
        List<MergePlan> plans = new ArrayList<>(plan.written().stream().map(Step::plan).toList());
        plan.result().ifPresent(plans::add);
        for (MergePlan each : plans) {
            MemoryNeeds.of(each, options.threads())
                    .tooLittle(options.memory())
                    .ifPresent(problems::add);
        }
        return problems;
    }

    /**
     * Merges.
     *
     * @param options of every merge; stages always get a report, which tells later runs what they
     *     are
     * @throws BadInputException if an output or the data of an input cannot be used, or an input
     *     changed while it was read
     * @throws IOException if reading or writing fails; what was begun can be resumed, and stages
     *     that are whole are not merged again
     * @throws io.amalgam.engine.MergeCancelledException if stopped; likewise
     */
    public static Report run(
            StagedPlan plan,
            StagePlaces places,
            EngineOptions options,
            StageListener listener,
            Cancellation cancellation)
            throws IOException {
        Set<String> done = places.done(plan);
        List<Problem> problems = problems(plan, places, done, options);
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
        try {
            Report report = run(plan, places, done, options, listener, cancellation);
            places.clean(plan);
            return report;
        } catch (BadInputException e) {
            places.clean(plan);
            throw e;
        }
    }

    private static Report run(
            StagedPlan plan,
            StagePlaces places,
            Set<String> done,
            EngineOptions options,
            StageListener listener,
            Cancellation cancellation)
            throws IOException {
        List<StageReport> stages = new ArrayList<>();
        Optional<MergeReport> result = Optional.empty();
        try (Opened opened = new Opened()) {
            List<InputFile> origins = new ArrayList<>();
            for (Step step : plan.written()) {
                origins.addAll(InputFile.origins(step.plan()));
                requireApart(plan, places);
                stages.add(
                        done.contains(step.name())
                                ? skipped(step, places, listener)
                                : stage(step, places, options, listener, cancellation));
                opened.add(plan.checkpoint(step.name()), places.of(step.name()));
            }
            if (plan.result().isPresent()) {
                InputFile.requireUnchanged(origins);
                listener.result(places.out());
                result =
                        Optional.of(
                                MergeEngine.run(
                                        plan.result().get(),
                                        places.out(),
                                        options,
                                        listener.merging(),
                                        cancellation));
            }
        }
        return new Report(stages, result);
    }

    /** Folders that were not there before anything was written may turn out to be one. */
    private static void requireApart(StagedPlan plan, StagePlaces places) throws IOException {
        Optional<Problem> shared = places.shared(plan);
        if (shared.isPresent()) {
            throw new BadInputException(shared.get());
        }
    }

    private static StageReport skipped(Step step, StagePlaces places, StageListener listener) {
        Path directory = places.of(step.name());
        listener.skipped(step, directory);
        return new StageReport(step.name(), directory, Optional.empty());
    }

    private static StageReport stage(
            Step step,
            StagePlaces places,
            EngineOptions options,
            StageListener listener,
            Cancellation cancellation)
            throws IOException {
        Path directory = places.of(step.name());
        boolean overwrite = places.kept() ? options.overwrite() : !options.resume();
        listener.stage(step, directory);
        MergeReport report =
                MergeEngine.run(
                        step.plan(),
                        directory,
                        options.report(true).overwrite(overwrite),
                        listener.merging(),
                        cancellation);
        return new StageReport(step.name(), directory, Optional.of(report));
    }

    /** The written stages that are open; later merges read them. */
    private static final class Opened implements Closeable {
        private final List<StageCheckpoint> stages = new ArrayList<>();

        void add(StageCheckpoint stage, Path folder) throws IOException {
            stages.add(stage);
            stage.readFrom(folder);
        }

        @Override
        public void close() throws IOException {
            for (StageCheckpoint stage : stages) {
                stage.closeWritten();
            }
            stages.clear();
        }
    }
}
