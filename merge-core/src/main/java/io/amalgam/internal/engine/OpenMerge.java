package io.amalgam.internal.engine;

import io.amalgam.checkpoint.OutputLayout.SmallFile;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeListener;
import io.amalgam.engine.MergeReport;
import io.amalgam.plan.MergePlan;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A merge into a directory whose journal and files are open, until it is committed or left. */
final class OpenMerge implements Closeable {
    private final MergePlan plan;
    private final Path directory;
    private final EngineOptions options;
    private final CreatedDirectories made;
    private final List<InputFile> inputs;
    private final List<InputFile> origins;
    private final List<Closeable> open = new ArrayList<>();
    private boolean ours;
    private @Nullable ExistingOutput earlier;
    private @Nullable OutputFiles files;
    private @Nullable MergeRun run;

    OpenMerge(MergePlan plan, Path directory, EngineOptions options) throws IOException {
        this.plan = plan;
        this.directory = directory;
        this.options = options;
        this.inputs = InputFile.of(plan);
        this.origins = InputFile.origins(plan);
        this.made = CreatedDirectories.before(directory);
    }

    /** Opens it. */
    MergeRun open(Set<Integer> all, MergeListener listener, Cancellation cancellation, long begin)
            throws IOException {
        boolean wasThere = Journal.exists(directory);
        Journal journal = Journal.open(directory, plan.hash(), inputs, options);
        open.add(journal);
        // From here on the journal's lock is held: what lies there is no other merge's.
        ours = true;
        if (!journal.resumed()) {
            OutputFiles.removeParts(directory);
            if (options.resume() && wasThere) {
                listener.startedAfresh();
            }
        }
        earlier =
                ExistingOutput.in(
                        directory,
                        plan,
                        journal.overwrites(),
                        options.card() == EngineOptions.Card.ALWAYS);
        files = OutputFiles.open(directory, plan.layout(), all);
        open.add(files);
        run =
                new MergeRun(
                        plan,
                        options,
                        listener,
                        cancellation,
                        journal,
                        files,
                        SharedResults.NONE,
                        begin);
        return run;
    }

    /** Computes what is not there yet. */
    MergeReport merge(MemoryNeeds needs) throws IOException {
        return Objects.requireNonNull(run)
                .merge(needs, directory, Objects.requireNonNull(earlier).kept());
    }

    /** Makes it a model. */
    void commit(MergeReport report) throws IOException {
        List<SmallFile> companions =
                CompanionFiles.of(
                        plan,
                        report,
                        List.of(),
                        origins,
                        options.report(),
                        CardFile.of(plan, report, directory, options));
        InputFile.requireUnchanged(inputs);
        Objects.requireNonNull(files)
                .commit(companions, Objects.requireNonNull(earlier).toRemove(companions));
    }

    /** After it was closed, removes what lies there of a merge that came to nothing. */
    void discard() throws IOException {
        if (ours) {
            OutputFiles.removePartial(directory);
            made.remove();
        }
    }

    /** After it was closed, removes what a committed merge needs no more. */
    void finish() throws IOException {
        OutputFiles.removePartial(directory);
    }

    @Override
    public void close() throws IOException {
        Collections.reverse(open);
        for (Closeable each : open) {
            each.close();
        }
        open.clear();
    }
}
