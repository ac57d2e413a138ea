package io.amalgam.internal.engine;

import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeListener;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.Problem;
import io.amalgam.method.ModelPass;
import io.amalgam.method.TensorStep;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlannedModelPass;
import io.amalgam.plan.TensorTask;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntFunction;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/** One run of one plan, from its first tensor to its report. */
final class MergeRun {
    private final MergePlan plan;
    private final EngineOptions options;
    private final MergeListener listener;
    private final Cancellation cancellation;
    private final Journal journal;
    private final OutputFiles files;
    private final SharedResults shared;
    private final long begin;
    private final LongAdder moved = new LongAdder();
    private final LongAdder written = new LongAdder();
    private final LongAdder finished = new LongAdder();

    /** Tensors that are there because they were computed in step with those of other merges. */
    private final BitSet inStep = new BitSet();

    private final TensorResults outcomes;
    private final long outputBytes;

    /** Where the first tensor of each task is in the layout. */
    private final int[] places;

    private final List<Problem> warnings;

    MergeRun(
            MergePlan plan,
            EngineOptions options,
            MergeListener listener,
            Cancellation cancellation,
            Journal journal,
            OutputFiles files,
            SharedResults shared,
            long begin) {
        this.plan = plan;
        this.options = options;
        this.listener = listener;
        this.cancellation = cancellation;
        this.journal = journal;
        this.files = files;
        this.shared = shared;
        this.begin = begin;
        this.outcomes = new TensorResults(plan);
        this.places = new int[plan.tasks().size()];
        int place = 0;
        for (int i = 0; i < places.length; i++) {
            places[i] = place;
            place += plan.tasks().get(i).written().size();
        }
        this.outputBytes =
                IntStream.range(0, places.length)
                        .mapToLong(i -> bytesHere(run(i, plan.tasks().get(i)::firstStage)))
                        .sum();
        this.warnings = new ArrayList<>(plan.warnings());
    }

    MergePlan plan() {
        return plan;
    }

    /** A new run of a task. */
    TaskRun task(int index) {
        return run(index, plan.tasks().get(index)::firstStage);
    }

    /** A worker that writes to this output. */
    Worker worker(int inputs, int block) {
        PlanRunner.Setup setup =
                new PlanRunner.Setup(
                        options.kernels(),
                        1,
                        inputs,
                        block,
                        0,
                        !options.allowNonfinite(),
                        moved,
                        written);
        return new Worker(setup, new FileSink(files, plan.layout().placements()), cancellation);
    }

    /** A tensor was computed in step with those of other merges. */
    void finishedInStep(TaskRun run) throws IOException {
        finish(run);
        synchronized (inStep) {
            inStep.set(run.index);
        }
    }

    MergeReport merge(MemoryNeeds needs, Path directory, List<String> kept) throws IOException {
        PlanRunner.Setup setup = PlanRunner.Setup.of(needs, options, moved, written);
        int resumed;
        try (PlanRunner runner =
                new PlanRunner(
                        setup,
                        () -> new FileSink(files, plan.layout().placements()),
                        cancellation,
                        () -> listener.progressed(progress()))) {
            resumed = merge(needs, runner, directory);
        }
        files.complete();
        return report(resumed, kept);
    }

    /** Returns how many tensors an earlier run had written. */
    private int merge(MemoryNeeds needs, PlanRunner runner, Path directory) throws IOException {
        List<TaskRun> runs = unfinished(runner.worker());
        int resumed = finished.intValue() - inStep.cardinality();
        plan.warnings().forEach(listener::warned);
        listener.started(plan, resumed);
        if (!runs.isEmpty()) {
            warnings.addAll(
                    new Preparations(
                                    plan, runner, options.kernels(), listener, cancellation, shared)
                            .run(directory));
        }
        if (JitWarmup.isWorthIt(plan, options.kernels())) {
            JitWarmup.run(plan, options.kernels());
        }
        IntFunction<Supplier<TensorStep>> stages = i -> plan.tasks().get(i)::firstStage;
        Optional<PlannedModelPass> whole = runs.isEmpty() ? Optional.empty() : plan.wholeModel();
        if (whole.isPresent()) {
            IntFunction<Supplier<TensorStep>> known = afterSurvey(whole.get(), runner);
            stages = known;
            runs = runs.stream().map(run -> run(run.index, known.apply(run.index))).toList();
        }
        new LargestMagnitudes(plan.tasks(), stages).measure(runs, runner, listener);
        watch(runs, needs);
        runner.run(runs, this::finish);
        listener.progressed(progress());
        return resumed;
    }

    /**
     * Looks at the whole model, then gives the tensors their stages. Those that an earlier run
     * wrote are looked at too: nothing of a survey is kept on disk.
     */
    private IntFunction<Supplier<TensorStep>> afterSurvey(PlannedModelPass whole, PlanRunner runner)
            throws IOException {
        ModelPass survey = whole.survey();
        int passes = 0;
        while (survey instanceof ModelPass.Pass<?> pass) {
            listener.surveying(++passes, passes + pass.passes() - 1);
            survey = surveyed(passes, pass, whole, runner);
        }
        ModelPass.Done known = (ModelPass.Done) survey;
        Map<Integer, Integer> positions = new HashMap<>();
        for (int t = 0; t < whole.tasks().size(); t++) {
            positions.put(whole.tasks().get(t), t);
        }
        return i -> {
            Integer t = positions.get(i);
            return t == null ? plan.tasks().get(i)::firstStage : () -> known.stages().apply(t);
        };
    }

    private TaskRun run(int index, Supplier<TensorStep> first) {
        int place = places[index];
        int file = plan.layout().placements().get(place).file();
        return new TaskRun(index, place, file, plan.tasks().get(index), first, false);
    }

    private <S> ModelPass surveyed(
            int number, ModelPass.Pass<S> pass, PlannedModelPass whole, PlanRunner runner)
            throws IOException {
        ModelPassRun<S> over = new ModelPassRun<>(pass);
        PassShares<S> known = new PassShares<>(number, pass, over, shared);
        Optional<ModelPass> next = known.next();
        if (next.isPresent()) {
            return next.get();
        }
        runner.run(over.runs(plan.tasks(), whole), run -> {});
        return known.total();
    }

    /** The tensors to compute: all but those an earlier run wrote and whose bytes are there. */
    private List<TaskRun> unfinished(Worker worker) throws IOException {
        Map<Integer, Integer> done = journal.done();
        Map<Integer, Integer> copied = journal.copied();
        List<TaskRun> runs = new ArrayList<>();
        for (int i = 0; i < plan.tasks().size(); i++) {
            TensorTask task = plan.tasks().get(i);
            TaskRun run = run(i, task::firstStage);
            List<TensorInfo> tensors = task.written();
            boolean elsewhere =
                    IntStream.range(0, tensors.size()).noneMatch(k -> files.has(run.place + k));
            if (elsewhere || inStep.get(i)) {
                continue;
            }
            boolean there = true;
            for (int k = 0; k < tensors.size() && there; k++) {
                int place = run.place + k;
                Integer crc = done.get(place);
                Integer input = copied.get(place);
                if (!files.has(place)) {
                    continue;
                }
                if (crc != null && worker.checksumOf(place, tensors.get(k).bytes()) == crc) {
                    outcomes.computed(place, crc);
                } else if (input != null && worker.isCopy(run, input)) {
                    outcomes.copied(place, input);
                } else {
                    there = false;
                }
            }
            if (there) {
                written.add(bytesHere(run));
                finished.increment();
            } else {
                runs.add(run);
            }
        }
        return runs;
    }

    /** Bytes of a task that are written to the files of this run. */
    private long bytesHere(TaskRun run) {
        long bytes = 0;
        int place = run.place;
        for (TensorInfo tensor : run.task.written()) {
            bytes += files.has(place++) ? tensor.bytes() : 0;
        }
        return bytes;
    }

    /** Shows values of these tensors, if there is memory for it. */
    private void watch(List<TaskRun> runs, MemoryNeeds needs) {
        listener.observer()
                .filter(observer -> needs.hasRoom(observer, options.memory()))
                .ifPresent(o -> runs.forEach(run -> run.watch(o.watch(run.task).orElse(null))));
    }

    private void finish(TaskRun run) throws IOException {
        ShownTensor<?> watched = run.watched();
        if (watched != null) {
            watched.finish();
        }
        int input = run.copiedInput();
        if (input >= 0) {
            outcomes.copied(run.place, input);
            journal.finishedCopy(run.place, input);
        } else {
            int place = run.place;
            for (int crc : run.checksums()) {
                outcomes.computed(place, crc);
                journal.finished(place++, crc);
            }
        }
        finished.increment();
    }

    MergeListener.Progress progress() {
        return new MergeListener.Progress(
                finished.intValue(),
                written.sum(),
                outputBytes,
                moved.sum(),
                System.nanoTime() - begin);
    }

    private MergeReport report(int resumed, List<String> kept) throws IOException {
        return new MergeReport(
                plan.hash(),
                options.kernels().name(),
                options.threads(),
                outcomes.tensors(files),
                outcomes.files(files),
                kept,
                warnings,
                resumed,
                moved.sum(),
                (System.nanoTime() - begin) / 1e9);
    }
}
