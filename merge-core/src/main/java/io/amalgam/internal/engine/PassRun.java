package io.amalgam.internal.engine;

import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeListener;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.method.ModelPass;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlannedModelPass;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;

/** Makes one part's share of a pass over the whole model. */
public final class PassRun {
    private final MergePlan plan;
    private final EngineOptions options;
    private final SharedResults shared;
    private final MergeListener listener;
    private final Cancellation cancellation;
    private final long begin = System.nanoTime();
    private final LongAdder moved = new LongAdder();

    public PassRun(
            MergePlan plan,
            EngineOptions options,
            SharedResults shared,
            MergeListener listener,
            Cancellation cancellation) {
        this.plan = plan;
        this.options = options;
        this.shared = shared;
        this.listener = listener;
        this.cancellation = cancellation;
    }

    /** Runs the plan's preparations; their results are then shared. */
    public void prepare(Path directory) throws IOException {
        List<InputFile> inputs = InputFile.of(plan);
        try (PlanRunner runner = runner()) {
            prepare(runner, directory);
        }
        InputFile.requireUnchanged(inputs);
    }

    private void prepare(PlanRunner runner, Path directory) throws IOException {
        new Preparations(plan, runner, options.kernels(), listener, cancellation, shared)
                .run(directory);
    }

    private PlanRunner runner() {
        MemoryNeeds needs = MemoryNeeds.within(plan, options);
        PlanRunner.Setup setup = PlanRunner.Setup.of(needs, options, moved, new LongAdder());
        return new PlanRunner(
                setup, () -> TensorSink.NONE, cancellation, () -> listener.progressed(progress()));
    }

    /**
     * Whether there is a pass: those before it are complete.
     *
     * @param number from 1
     */
    public boolean has(int number) throws IOException {
        return pass(number).isPresent();
    }

    private Optional<ModelPass.Pass<?>> pass(int number) throws IOException {
        Optional<PlannedModelPass> whole = plan.wholeModel();
        ModelPass survey = whole.isEmpty() ? null : whole.get().survey();
        for (int before = 1; before < number && survey instanceof ModelPass.Pass<?> p; before++) {
            survey = next(before, p);
        }
        return survey instanceof ModelPass.Pass<?> pass ? Optional.of(pass) : Optional.empty();
    }

    /** How partial results of a pass are added: those passes before it are complete. */
    public PassSum sum(int number) throws IOException {
        return new PassSum(
                pass(number)
                        .orElseThrow(
                                () ->
                                        new IllegalStateException(
                                                "pass " + number + " is not there")));
    }

    /**
     * Makes a share and keeps it for all parts.
     *
     * @param number of the pass, from 1; the shares of those before it are there
     * @param part whose share it is, from 1
     * @param directory of the part
     * @return bytes read; empty if the passes end before this one
     * @throws BadInputException if inputs changed, or the state of the method cannot be stored
     */
    public Optional<Long> share(int number, int part, Path directory) throws IOException {
        if (plan.wholeModel().isEmpty()) {
            return Optional.empty();
        }
        List<InputFile> inputs = InputFile.of(plan);
        try (PlanRunner runner = runner()) {
            listener.started(plan, 0);
            prepare(runner, directory);
            Optional<ModelPass.Pass<?>> pass = pass(number);
            if (pass.isEmpty()) {
                return Optional.empty();
            }
            listener.surveying(number, number + pass.get().passes() - 1);
            byte[] share = share(pass.get(), plan.wholeModel().get(), part, runner);
            InputFile.requireUnchanged(inputs);
            shared.keep(SharedResults.share(number, part), share);
            return Optional.of(moved.sum());
        }
    }

    private <S> ModelPass next(int number, ModelPass.Pass<S> pass) throws IOException {
        return new PassShares<>(number, pass, new ModelPassRun<>(pass), shared)
                .next()
                .orElseThrow(() -> new IllegalStateException("pass " + number + " is not there"));
    }

    private <S> byte[] share(
            ModelPass.Pass<S> pass, PlannedModelPass whole, int part, PlanRunner runner)
            throws IOException {
        ModelPassRun<S> over = new ModelPassRun<>(pass);
        runner.run(over.runs(plan.tasks(), whole, part - 1, shared.parts()), run -> {});
        return over.share()
                .orElseThrow(
                        () ->
                                new BadInputException(
                                        Problem.expected(
                                                        "passes over the whole model",
                                                        "states that can be stored",
                                                        "those of a plug-in that cannot")
                                                .hint(
                                                        "leave out the passes: every part makes them itself")));
    }

    private MergeListener.Progress progress() {
        return new MergeListener.Progress(0, 0, 0, moved.sum(), System.nanoTime() - begin);
    }
}
