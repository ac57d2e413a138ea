package io.amalgam.internal.engine;

import io.amalgam.checkpoint.OutputLayout.SmallFile;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.engine.MergeListener;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.plan.MergePlan;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileLockInterruptionException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Merges into a directory: checks, journal, files, commit. Every tensor is streamed in blocks; the
 * bytes written depend on the plan alone.
 */
public final class MergeEngine {
    private MergeEngine() {}

    /**
     * Merges into a directory, or into a file if that is what the plan's format writes.
     *
     * @throws BadInputException if the output or the data of an input cannot be used, or an input
     *     changed while it was read; an output begun is removed
     * @throws IOException if reading or writing fails; an output begun can be resumed
     * @throws MergeCancelledException if stopped; likewise
     */
    public static MergeReport run(
            MergePlan plan,
            Path output,
            EngineOptions options,
            MergeListener listener,
            Cancellation cancellation)
            throws IOException {
        return plan.format().isFile()
                ? SingleFile.run(plan, output, options, listener, cancellation)
                : intoDirectory(plan, output, options, listener, cancellation);
    }

    static MergeReport intoDirectory(
            MergePlan plan,
            Path directory,
            EngineOptions options,
            MergeListener listener,
            Cancellation cancellation)
            throws IOException {
        return interruptibly(() -> merge(plan, directory, options, listener, cancellation));
    }

    /** A run's work. */
    private interface Work {
        MergeReport run() throws IOException;
    }

    /** However an interruption of the thread shows itself, it is the same exception. */
    private static MergeReport interruptibly(Work work) throws IOException {
        try {
            return work.run();
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
        OutputPlaces places = OutputPlaces.inDirectory(directory);
        if (options.resume() && FinishedMerge.differenceByReport(plan, places).isEmpty()) {
            Optional<MergeReport> there = finished(plan, places, options, listener);
            if (there.isPresent()) {
                return there.get();
            }
        }
        MemoryNeeds needs = MemoryNeeds.within(plan, options);
        OpenMerge merge = new OpenMerge(plan, directory, options);
        MergeReport report;
        try (merge) {
            merge.open(all(plan), listener, cancellation, begin);
            report = merge.merge(needs);
            merge.commit(report);
        } catch (BadInputException e) {
            merge.discard();
            throw e;
        }
        merge.finish();
        return report;
    }

    /** A merge of several: its plan, and the directory that does not hold a merge yet. */
    public record Target(MergePlan plan, Path directory) {}

    /** Whether a plan has work that can be done in step with that of other plans. */
    public static boolean isInStep(MergePlan plan) {
        return !plan.format().isFile() && InStep.isPossible(plan);
    }

    /** Whether merges fit the memory together. */
    public static boolean fits(List<MergePlan> plans, EngineOptions options) {
        return InStep.block(plans, options) > 0;
    }

    /**
     * Merges into several directories, and reads inputs once for all tensors that can be computed
     * in step; each output has the bytes that {@link #run} gives it.
     *
     * @param listener hears of the progress of the first
     * @return a report for each
     * @throws BadInputException as {@link #run}; no output is left
     * @throws IOException likewise; outputs begun can be resumed, each by itself
     * @throws MergeCancelledException likewise
     */
    public static List<MergeReport> runTogether(
            List<Target> targets,
            EngineOptions options,
            MergeListener listener,
            Cancellation cancellation)
            throws IOException {
        List<MergeReport> reports = new ArrayList<>();
        List<OpenMerge> merges = new ArrayList<>();
        interruptibly(
                () -> {
                    try {
                        together(targets, merges, reports, options, listener, cancellation);
                    } catch (BadInputException e) {
                        for (OpenMerge merge : merges) {
                            merge.discard();
                        }
                        throw e;
                    }
                    return reports.get(0);
                });
        for (OpenMerge merge : merges) {
            merge.finish();
        }
        return reports;
    }

    private static void together(
            List<Target> targets,
            List<OpenMerge> merges,
            List<MergeReport> reports,
            EngineOptions options,
            MergeListener listener,
            Cancellation cancellation)
            throws IOException {
        long begin = System.nanoTime();
        try {
            List<MergeRun> runs = new ArrayList<>();
            for (Target target : targets) {
                OutputCheck.require(
                        target.plan(), target.directory(), options.resume(), options.overwrite());
                OpenMerge merge = new OpenMerge(target.plan(), target.directory(), options);
                merges.add(merge);
                runs.add(merge.open(all(target.plan()), MergeListener.NONE, cancellation, begin));
            }
            InStep.run(runs, options, listener, cancellation);
            for (int i = 0; i < merges.size(); i++) {
                reports.add(
                        merges.get(i).merge(MemoryNeeds.within(targets.get(i).plan(), options)));
            }
            for (int i = 0; i < merges.size(); i++) {
                merges.get(i).commit(reports.get(i));
            }
        } finally {
            for (OpenMerge merge : merges) {
                merge.close();
            }
        }
    }

    /**
     * Writes some of a merge's data files: the same bytes that {@link #run} writes. Neither config,
     * index nor report is written: the output is no model until all its parts are together.
     *
     * @param part positions of files in the plan's layout
     * @param directory a directory of this part's own
     * @param shared by all parts of the merge
     * @throws BadInputException if the data of an input cannot be used, or an input changed; what
     *     was begun is removed
     * @throws IOException if reading or writing fails; a part begun can be resumed
     * @throws MergeCancelledException if stopped; likewise
     */
    public static MergeReport runPart(
            MergePlan plan,
            Set<Integer> part,
            Path directory,
            EngineOptions options,
            SharedResults shared,
            MergeListener listener,
            Cancellation cancellation)
            throws IOException {
        return interruptibly(
                () -> mergePart(plan, part, directory, options, shared, listener, cancellation));
    }

    private static MergeReport mergePart(
            MergePlan plan,
            Set<Integer> part,
            Path directory,
            EngineOptions options,
            SharedResults shared,
            MergeListener listener,
            Cancellation cancellation)
            throws IOException {
        long begin = System.nanoTime();
        MemoryNeeds needs = MemoryNeeds.within(plan, options);
        List<InputFile> inputs = InputFile.of(plan);
        MergeReport report;
        boolean ours = false;
        try (Journal journal = Journal.open(directory, plan.hash(), inputs, options)) {
            ours = true;
            if (!journal.resumed()) {
                OutputFiles.removeParts(directory);
            }
            try (OutputFiles files =
                    OutputFiles.open(directory, plan.layout(), new TreeSet<>(part))) {
                MergeRun run =
                        new MergeRun(
                                plan,
                                options,
                                listener,
                                cancellation,
                                journal,
                                files,
                                shared,
                                begin);
                report = run.merge(needs, directory, List.of());
                InputFile.requireUnchanged(inputs);
                files.commitSelected();
            }
        } catch (BadInputException e) {
            if (ours) {
                OutputFiles.removePartial(directory);
            }
            throw e;
        }
        OutputFiles.removePartial(directory);
        return report;
    }

    /**
     * Makes one model of all parts of a merge: moves their files to their places, and writes
     * configuration, index and report. A join that was interrupted can be repeated.
     *
     * @param made where each of the layout's data files is, by its name; also in its place already
     * @param parts of the merge, whose inputs are unchanged
     * @throws BadInputException if another merge is writing to the directory
     */
    @SuppressWarnings("try") // The lock is held, not used.
    public static MergeReport join(
            MergePlan plan,
            Path directory,
            Map<String, Path> made,
            List<PartReport> parts,
            EngineOptions options)
            throws IOException {
        MergeReport report;
        try (JournalLock lock = Journal.lock(directory);
                OutputFiles files = OutputFiles.joining(directory, plan.layout(), made)) {
            ExistingOutput earlier =
                    ExistingOutput.in(
                            directory,
                            plan,
                            options.overwrite(),
                            options.card() == EngineOptions.Card.ALWAYS);
            report = PartReport.joined(plan, parts, earlier.kept());
            List<SmallFile> companions =
                    CompanionFiles.of(
                            plan,
                            report,
                            parts,
                            InputFile.origins(plan),
                            options.report(),
                            CardFile.of(plan, report, directory, options));
            List<Path> remove = new ArrayList<>(earlier.toRemove(companions));
            remove.removeIf(file -> made.containsValue(directory.resolve(file)));
            files.commit(companions, remove);
        }
        OutputFiles.removePartial(directory);
        return report;
    }

    /**
     * The small files that make one model of the data files that all parts of a merge have written,
     * for an output that is in no directory of this machine: configuration, tokenizer, report, and
     * last those without which no reader takes the model for complete.
     *
     * @param parts of the merge, whose inputs are unchanged
     */
    public static List<SmallFile> companions(
            MergePlan plan, List<PartReport> parts, EngineOptions options) throws IOException {
        MergeReport report = PartReport.joined(plan, parts, List.of());
        List<SmallFile> files =
                new ArrayList<>(
                        CompanionFiles.of(
                                plan,
                                report,
                                parts,
                                InputFile.origins(plan),
                                options.report(),
                                CardFile.text(plan, report, options)));
        files.addAll(plan.layout().last());
        return files;
    }

    /**
     * Files of an earlier model that a merge replaces, for an output that is in no directory of
     * this machine.
     *
     * @param there a directory with the names of what is in the output, and the small files of it
     * @param companions of the new model
     */
    public static List<Path> replaced(
            MergePlan plan, Path there, List<SmallFile> companions, EngineOptions options)
            throws IOException {
        return ExistingOutput.in(there, plan, true, options.card() == EngineOptions.Card.ALWAYS)
                .toRemove(companions);
    }

    /** Whether a merge, or one of its parts, is being written in a directory now. */
    public static boolean isWriting(Path directory) throws IOException {
        return Journal.isHeld(directory);
    }

    /**
     * Whether a part that was begun in a directory can be resumed with this plan and its inputs.
     */
    public static boolean continues(MergePlan plan, Path directory) throws IOException {
        return Journal.continues(directory, plan.hash(), InputFile.of(plan));
    }

    /**
     * The data files of a plan in parts of about equal bytes, for {@link #runPart}. The same for
     * every run of one plan; some parts are empty if there are fewer files than parts.
     */
    public static List<Set<Integer>> parts(MergePlan plan, int parts) {
        List<Set<Integer>> all = new ArrayList<>();
        long[] bytes = new long[parts];
        for (int part = 0; part < parts; part++) {
            all.add(new TreeSet<>());
        }
        List<Integer> files = new ArrayList<>(all(plan));
        files.sort(
                Comparator.comparingLong((Integer file) -> -plan.layout().files().get(file).size())
                        .thenComparing(file -> file));
        for (int file : files) {
            int least = 0;
            for (int part = 1; part < parts; part++) {
                least = bytes[part] < bytes[least] ? part : least;
            }
            all.get(least).add(file);
            bytes[least] += plan.layout().files().get(file).size();
        }
        return all;
    }

    private static Set<Integer> all(MergePlan plan) {
        Set<Integer> all = new TreeSet<>();
        for (int file = 0; file < plan.layout().files().size(); file++) {
            all.add(file);
        }
        return all;
    }

    /**
     * The report of a merge that was finished before; nothing if its files were changed since, and
     * may be replaced.
     */
    static Optional<MergeReport> finished(
            MergePlan plan, OutputPlaces places, EngineOptions options, MergeListener listener)
            throws IOException {
        Optional<String> difference = FinishedMerge.difference(plan, places);
        if (difference.isPresent() && options.overwrite()) {
            return Optional.empty();
        }
        if (difference.isPresent()) {
            throw new BadInputException(
                    Problem.of(
                                    "nothing can be resumed in '%s': the merge was finished, but %s"
                                            .formatted(places.output(), difference.get()))
                            .hint("start again with EngineOptions.overwrite(true)"));
        }
        plan.warnings().forEach(listener::warned);
        listener.wasFinished();
        return Optional.of(FinishedMerge.report(plan, places, options));
    }
}
