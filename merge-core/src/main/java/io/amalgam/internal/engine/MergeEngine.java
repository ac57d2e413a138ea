package io.amalgam.internal.engine;

import io.amalgam.checkpoint.OutputLayout.SmallFile;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.engine.MergeListener;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.method.ModelPass;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlannedModelPass;
import io.amalgam.plan.TensorTask;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileLockInterruptionException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Runs plans: the only place in the project that starts threads. Streams every tensor in blocks;
 * what is held is {@code threads x inputs x block}, whatever the model's size. The bytes written
 * depend on the plan alone.
 */
public final class MergeEngine {
    private static final int LARGEST_BLOCK = 1 << 14;
    private static final int SMALLEST_BLOCK = 1 << 10;
    private static final long LISTEN_MILLIS = 200;

    private MergeEngine() {}

    /**
     * Elements the engine reads of each input at a time within a memory budget.
     *
     * @return a power of two; 0 if not even the smallest block fits
     */
    public static int blockElements(MergePlan plan, int threads, long memory) {
        int block = LARGEST_BLOCK;
        while (block >= SMALLEST_BLOCK
                && plan.sharedModelBytes() + threads * bytesHeld(plan, block) > memory) {
            block /= 2;
        }
        return block < SMALLEST_BLOCK ? 0 : block;
    }

    /**
     * Bytes that the workers' buffers, their states of a survey and adapters' factors take, for the
     * block {@link #blockElements} chooses.
     */
    public static long bytesHeld(MergePlan plan, int threads, long memory) {
        return plan.sharedModelBytes()
                + threads * bytesHeld(plan, blockElements(plan, threads, memory));
    }

    /** What speaks against merging in so much memory, in bytes; empty if it is enough. */
    public static Optional<Problem> tooLittleMemory(MergePlan plan, int threads, long memory) {
        if (blockElements(plan, threads, memory) > 0) {
            return Optional.empty();
        }
        long least = plan.sharedModelBytes() + threads * bytesHeld(plan, SMALLEST_BLOCK);
        String what =
                "memory for the buffers of %d thread%s and %d input%s"
                        .formatted(
                                threads,
                                threads == 1 ? "" : "s",
                                inputs(plan),
                                inputs(plan) == 1 ? "" : "s");
        return Optional.of(
                Problem.expected(what, "at least " + least + " bytes", memory)
                        .hint(
                                "raise EngineOptions.memory, or use fewer threads (EngineOptions.threads)"));
    }

    /**
     * Bytes of one worker: its own, what models that are computed while they are read take, and its
     * state of a survey.
     */
    private static long bytesHeld(MergePlan plan, int block) {
        long models = plan.models().values().stream().mapToLong(m -> m.bytesPerReader(block)).sum();
        long state = plan.wholeModel().map(PlannedModelPass::stateBytes).orElse(0L);
        return Worker.bytesHeld(inputs(plan), block) + models + state;
    }

    private static int inputs(MergePlan plan) {
        return plan.tasks().stream().mapToInt(task -> task.sources().size()).max().orElse(1);
    }

    /**
     * Merges into a directory.
     *
     * @throws BadInputException if the output or the data of an input cannot be used, or an input
     *     changed while it was read; an output begun is removed
     * @throws IOException if reading or writing fails; an output begun can be resumed
     * @throws MergeCancelledException if stopped; likewise
     */
    public static MergeReport run(
            MergePlan plan,
            Path directory,
            EngineOptions options,
            MergeListener listener,
            Cancellation cancellation)
            throws IOException {
        try {
            return merge(plan, directory, options, listener, cancellation);
        } catch (ClosedByInterruptException | FileLockInterruptionException e) {
            throw MergeCancelledException.byInterrupt(e);
        } catch (MergeCancelledException e) {
            if (e.isByInterrupt()) {
                Thread.currentThread().interrupt();
            }
            throw e;
        }
    }

    private static MergeReport merge(
            MergePlan plan,
            Path directory,
            EngineOptions options,
            MergeListener listener,
            Cancellation cancellation)
            throws IOException {
        long begin = System.nanoTime();
        OutputCheck.require(plan, directory, options.resume(), options.overwrite());
        if (options.resume() && FinishedMerge.differenceByReport(plan, directory).isEmpty()) {
            return finished(plan, directory, options, listener);
        }
        Optional<Problem> tooLittle = tooLittleMemory(plan, options.threads(), options.memory());
        if (tooLittle.isPresent()) {
            throw new BadInputException(tooLittle.get());
        }
        int blockElements = blockElements(plan, options.threads(), options.memory());
        List<InputFile> inputs = InputFile.of(plan);
        List<InputFile> origins = InputFile.origins(plan);
        CreatedDirectories made = CreatedDirectories.before(directory);
        boolean wasThere = Journal.exists(directory);
        MergeReport report;
        boolean ours = false;
        try (Journal journal = Journal.open(directory, plan.hash(), inputs, options)) {
            // From here on the journal's lock is held: what lies there is no other merge's.
            ours = true;
            if (!journal.resumed()) {
                OutputFiles.removeParts(directory);
                if (options.resume() && wasThere) {
                    listener.startedAfresh();
                }
            }
            ExistingOutput earlier = ExistingOutput.in(directory, plan, journal.overwrites());
            try (OutputFiles files = OutputFiles.open(directory, plan.layout())) {
                Run run = new Run(plan, options, listener, cancellation, journal, files, begin);
                report = run.merge(blockElements, earlier.kept());
                List<SmallFile> companions =
                        CompanionFiles.of(plan, report, origins, options.report());
                InputFile.requireUnchanged(inputs);
                files.commit(companions, earlier.toRemove(companions));
            }
        } catch (BadInputException e) {
            if (ours) {
                OutputFiles.removePartial(directory);
                made.remove();
            }
            throw e;
        }
        OutputFiles.removePartial(directory);
        return report;
    }

    private static MergeReport finished(
            MergePlan plan, Path directory, EngineOptions options, MergeListener listener)
            throws IOException {
        Optional<String> difference = FinishedMerge.difference(plan, directory);
        if (difference.isPresent()) {
            throw new BadInputException(
                    Problem.of(
                                    "nothing can be resumed in '%s': the merge was finished, but %s"
                                            .formatted(directory, difference.get()))
                            .hint("start again with EngineOptions.overwrite(true)"));
        }
        plan.warnings().forEach(listener::warned);
        listener.wasFinished();
        return FinishedMerge.report(plan, directory, options);
    }

    /** One run of one plan. */
    private static final class Run {
        private final MergePlan plan;
        private final EngineOptions options;
        private final MergeListener listener;
        private final Cancellation cancellation;
        private final Journal journal;
        private final OutputFiles files;
        private final long begin;
        private final LongAdder moved = new LongAdder();
        private final LongAdder written = new LongAdder();
        private final LongAdder finished = new LongAdder();
        private final TensorResults outcomes;

        Run(
                MergePlan plan,
                EngineOptions options,
                MergeListener listener,
                Cancellation cancellation,
                Journal journal,
                OutputFiles files,
                long begin) {
            this.plan = plan;
            this.options = options;
            this.listener = listener;
            this.cancellation = cancellation;
            this.journal = journal;
            this.files = files;
            this.begin = begin;
            this.outcomes = new TensorResults(plan);
        }

        MergeReport merge(int blockElements, List<String> kept) throws IOException {
            Worker.Shared shared =
                    new Worker.Shared(
                            files,
                            plan.layout().placements(),
                            options.kernels(),
                            !options.allowNonfinite(),
                            cancellation,
                            moved,
                            written);
            List<Worker> workers = new ArrayList<>();
            int resumed;
            try {
                int inputs = inputs(plan);
                while (workers.size() < options.threads()) {
                    workers.add(new Worker(shared, inputs, blockElements));
                }
                resumed = merge(workers);
            } finally {
                for (Worker worker : workers) {
                    worker.close();
                }
            }
            files.complete();
            return report(resumed, kept);
        }

        /** Returns how many tensors an earlier run had written. */
        private int merge(List<Worker> workers) throws IOException {
            List<TaskRun> runs = unfinished(workers.get(0));
            int resumed = plan.tasks().size() - runs.size();
            plan.warnings().forEach(listener::warned);
            listener.started(plan, resumed);
            if (JitWarmup.isWorthIt(plan, options.kernels())) {
                JitWarmup.run(plan, options.kernels());
            }
            Optional<PlannedModelPass> whole =
                    runs.isEmpty() ? Optional.empty() : plan.wholeModel();
            if (whole.isPresent()) {
                runs = afterSurvey(runs, whole.get(), workers);
            }
            schedule(runs, workers, this::finish);
            listener.progressed(progress());
            return resumed;
        }

        /**
         * Looks at the whole model, then gives the tensors to compute their stages. Those that an
         * earlier run wrote are looked at too: nothing of a survey is kept on disk.
         */
        private List<TaskRun> afterSurvey(
                List<TaskRun> runs, PlannedModelPass whole, List<Worker> workers)
                throws IOException {
            ModelPass survey = whole.survey();
            int passes = 0;
            while (survey instanceof ModelPass.Pass<?> pass) {
                listener.surveying(++passes, passes + pass.passes() - 1);
                survey = surveyed(pass, whole, workers);
            }
            ModelPass.Done known = (ModelPass.Done) survey;
            Map<Integer, Integer> positions = new HashMap<>();
            for (int t = 0; t < whole.tasks().size(); t++) {
                positions.put(whole.tasks().get(t), t);
            }
            List<TaskRun> bound = new ArrayList<>();
            for (TaskRun run : runs) {
                Integer t = positions.get(run.index);
                bound.add(
                        t == null
                                ? run
                                : new TaskRun(run.index, run.task, () -> known.stages().apply(t)));
            }
            return bound;
        }

        private <S> ModelPass surveyed(
                ModelPass.Pass<S> pass, PlannedModelPass whole, List<Worker> workers)
                throws IOException {
            ModelPassRun<S> over = new ModelPassRun<>(pass);
            schedule(over.runs(plan.tasks(), whole), workers, run -> {});
            return over.next();
        }

        private void schedule(List<TaskRun> runs, List<Worker> workers, Scheduler.Finished finished)
                throws IOException {
            Scheduler scheduler = new Scheduler(runs, workers.size() + 1, finished);
            List<Thread> threads = new ArrayList<>();
            for (Worker worker : workers) {
                Thread thread =
                        new Thread(() -> work(worker, scheduler), "amalgam-" + threads.size());
                thread.setDaemon(true);
                thread.start();
                threads.add(thread);
            }
            join(threads, scheduler);
            rethrow(scheduler.failure());
        }

        /** The tensors to compute: all but those an earlier run wrote and whose bytes are there. */
        private List<TaskRun> unfinished(Worker worker) throws IOException {
            Map<Integer, Integer> done = journal.done();
            Map<Integer, Integer> copied = journal.copied();
            List<TaskRun> runs = new ArrayList<>();
            for (int i = 0; i < plan.tasks().size(); i++) {
                TensorTask task = plan.tasks().get(i);
                TaskRun run = new TaskRun(i, task);
                Integer crc = done.get(i);
                Integer input = copied.get(i);
                if (crc != null && worker.checksumOf(run) == crc) {
                    outcomes.computed(i, crc);
                } else if (input != null && worker.isCopy(run, input)) {
                    outcomes.copied(i, input);
                } else {
                    runs.add(run);
                    continue;
                }
                written.add(task.output().bytes());
                finished.increment();
            }
            return runs;
        }

        private void finish(TaskRun run) throws IOException {
            int input = run.copiedInput();
            if (input >= 0) {
                outcomes.copied(run.index, input);
                journal.finishedCopy(run.index, input);
            } else {
                int crc = run.checksum();
                outcomes.computed(run.index, crc);
                journal.finished(run.index, crc);
            }
            finished.increment();
        }

        private static void work(Worker worker, Scheduler scheduler) {
            try {
                TaskRun.Unit unit = scheduler.take();
                while (unit != null) {
                    work(unit, worker, scheduler);
                    unit = scheduler.take();
                }
            } catch (Throwable e) {
                // Whatever it is, the other workers must stop and the caller must hear of it.
                scheduler.fail(e);
            }
        }

        private static void work(TaskRun.Unit unit, Worker worker, Scheduler scheduler)
                throws Exception {
            try {
                scheduler.complete(unit, worker.run(unit, scheduler));
            } catch (RuntimeException e) {
                throw Scheduler.failed(unit.run(), e);
            }
        }

        private void join(List<Thread> threads, Scheduler scheduler) {
            for (Thread thread : threads) {
                while (thread.isAlive()) {
                    try {
                        thread.join(LISTEN_MILLIS);
                    } catch (InterruptedException e) {
                        // Asked to stop: the workers do so at the next block, and are waited for.
                        cancellation.cancel();
                        scheduler.fail(MergeCancelledException.byInterrupt(e));
                    }
                    listener.progressed(progress());
                }
            }
        }

        private MergeListener.Progress progress() {
            return new MergeListener.Progress(
                    finished.intValue(),
                    written.sum(),
                    plan.outputBytes(),
                    moved.sum(),
                    System.nanoTime() - begin);
        }

        private static void rethrow(@Nullable Throwable failure) throws IOException {
            if (failure instanceof IOException e) {
                throw e;
            }
            if (failure instanceof RuntimeException e) {
                throw e;
            }
            if (failure instanceof Error e) {
                throw e;
            }
            if (failure != null) {
                throw new IllegalStateException(failure);
            }
        }

        private MergeReport report(int resumed, List<String> kept) throws IOException {
            return new MergeReport(
                    plan.hash(),
                    options.kernels().name(),
                    options.threads(),
                    outcomes.tensors(),
                    outcomes.files(files),
                    kept,
                    plan.warnings(),
                    resumed,
                    moved.sum(),
                    (System.nanoTime() - begin) / 1e9);
        }
    }
}
