package io.amalgam.internal.stages;

import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeListener;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.InputFile;
import io.amalgam.internal.engine.MemoryNeeds;
import io.amalgam.internal.engine.MergeEngine;
import io.amalgam.internal.engine.OutputCheck;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.MergePlan.Step;
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
    public static MergeReport.OfRecipe run(
            StagedPlan plan,
            StagePlaces places,
            EngineOptions options,
            MergeListener listener,
            Cancellation cancellation)
            throws IOException {
        Set<String> done = places.done(plan);
        List<Problem> problems = problems(plan, places, done, options);
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
        try {
            MergeReport.OfRecipe report = run(plan, places, done, options, listener, cancellation);
            places.clean(plan);
            return report;
        } catch (BadInputException e) {
            places.clean(plan);
            throw e;
        }
    }

    private static MergeReport.OfRecipe run(
            StagedPlan plan,
            StagePlaces places,
            Set<String> done,
            EngineOptions options,
            MergeListener listener,
            Cancellation cancellation)
            throws IOException {
        List<MergeReport.OfStage> stages = new ArrayList<>();
        Optional<MergeReport> result = Optional.empty();
        try (Opened opened = new Opened()) {
            List<InputFile> origins = new ArrayList<>();
            List<Step> written = plan.written();
            for (int i = 0; i < written.size(); i++) {
                Step step = written.get(i);
                MergeListener.Stage told =
                        new MergeListener.Stage(
                                step.name(), i + 1, written.size(), places.of(step.name()));
                origins.addAll(InputFile.origins(step.plan()));
                requireApart(plan, places);
                stages.add(
                        done.contains(step.name())
                                ? skipped(told, listener)
                                : stage(step, told, places, options, listener, cancellation));
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
                                        listener,
                                        cancellation));
            }
        }
        return new MergeReport.OfRecipe(stages, result);
    }

    /** Folders that were not there before anything was written may turn out to be one. */
    private static void requireApart(StagedPlan plan, StagePlaces places) throws IOException {
        Optional<Problem> shared = places.shared(plan);
        if (shared.isPresent()) {
            throw new BadInputException(shared.get());
        }
    }

    private static MergeReport.OfStage skipped(MergeListener.Stage told, MergeListener listener) {
        listener.stageSkipped(told);
        return new MergeReport.OfStage(told.name(), told.directory(), Optional.empty());
    }

    private static MergeReport.OfStage stage(
            Step step,
            MergeListener.Stage told,
            StagePlaces places,
            EngineOptions options,
            MergeListener listener,
            Cancellation cancellation)
            throws IOException {
        boolean overwrite = places.kept() ? options.overwrite() : !options.resume();
        listener.stage(told);
        MergeReport report =
                MergeEngine.run(
                        step.plan(),
                        told.directory(),
                        options.report(true).overwrite(overwrite),
                        listener,
                        cancellation);
        return new MergeReport.OfStage(told.name(), told.directory(), Optional.of(report));
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
