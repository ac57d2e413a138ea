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
import java.util.List;
import java.util.Optional;

/**
 * Merges into a directory: checks, journal, files, commit. Every tensor is streamed in blocks; the
 * bytes written depend on the plan alone.
 */
public final class MergeEngine {
    private MergeEngine() {}

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
        MemoryNeeds needs = MemoryNeeds.of(plan, options.threads());
        Optional<Problem> tooLittle = needs.tooLittle(options.memory());
        if (tooLittle.isPresent()) {
            throw new BadInputException(tooLittle.get());
        }
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
                MergeRun run =
                        new MergeRun(plan, options, listener, cancellation, journal, files, begin);
                report = run.merge(needs, directory, earlier.kept());
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
}
