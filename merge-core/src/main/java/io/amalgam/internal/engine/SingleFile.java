package io.amalgam.internal.engine;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.OutputLayout.DataFile;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeListener;
import io.amalgam.engine.MergeReport;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.io.FileWrites;
import io.amalgam.plan.MergePlan;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * An output that is one file. It is merged in a folder beside it, and moved to its place when it is
 * whole; the report and the recipe lie beside it, under its name and theirs.
 */
final class SingleFile {
    /** Ends the name of the folder that a file is made in. */
    private static final String FOLDER = ".amalgam-partial";

    private SingleFile() {}

    /** The folder that a file is made in: what was interrupted leaves it. */
    static Path folder(Path file) {
        Path whole = file.toAbsolutePath().normalize();
        return whole.resolveSibling(whole.getFileName() + FOLDER);
    }

    /** What an earlier run has left. */
    private enum State {
        /** Nothing that can be continued, or what the folder's journal tells. */
        OTHER,
        /** An interrupted merge that was allowed to replace the file. */
        TO_REPLACE,
        /** The weights are in their place already, and what lies beside them is not. */
        MOVING,
        /** The file is this plan's result, by the report beside it. */
        FINISHED;

        static State of(MergePlan plan, Path file) throws IOException {
            if (FinishedMerge.differenceByReport(plan, OutputPlaces.of(plan, file)).isEmpty()) {
                return FINISHED;
            }
            Path folder = folder(file);
            DataFile data = plan.layout().files().get(0);
            boolean moved =
                    !Files.exists(folder.resolve(data.name()))
                            && Files.exists(file)
                            && Files.size(file) == data.size();
            if (moved
                    && FinishedMerge.differenceByReport(plan, OutputPlaces.inDirectory(folder))
                            .isEmpty()) {
                return MOVING;
            }
            return Journal.isToOverwrite(folder) ? TO_REPLACE : OTHER;
        }
    }

    static List<Problem> problems(MergePlan plan, Path file, boolean resume, boolean overwrite)
            throws IOException {
        List<Problem> problems = inputProblems(plan, file);
        return problems.isEmpty()
                ? outputProblems(plan, file, state(plan, file, resume), resume, overwrite)
                : problems;
    }

    private static State state(MergePlan plan, Path file, boolean resume) throws IOException {
        return resume ? State.of(plan, file) : State.OTHER;
    }

    private static List<Problem> inputProblems(MergePlan plan, Path file) throws IOException {
        OutputCheck.requireReadable(file);
        if (Files.isDirectory(file)) {
            return List.of(
                    Problem.expected("output '" + file + "'", "a file", "a directory")
                            .hint("choose another output"));
        }
        List<Problem> problems = new ArrayList<>();
        for (Checkpoint model : plan.models().values()) {
            over(model, file).ifPresent(problems::add);
        }
        return problems;
    }

    private static List<Problem> outputProblems(
            MergePlan plan, Path file, State state, boolean resume, boolean overwrite)
            throws IOException {
        boolean there = Files.exists(file, LinkOption.NOFOLLOW_LINKS);
        if (there && !overwrite && state == State.OTHER) {
            return List.of(
                    Problem.expected(
                                    "output file '" + file + "'", "a new file", "one that is there")
                            .hint("choose another, or give EngineOptions.overwrite(true)"));
        }
        return state == State.FINISHED || state == State.MOVING
                ? List.of()
                : OutputCheck.directoryProblems(plan, folder(file), resume, overwrite);
    }

    private static Optional<Problem> over(Checkpoint model, Path file) throws IOException {
        for (Path weights : model.weightFiles()) {
            Optional<Problem> same = OutputCheck.over(file, weights);
            if (same.isPresent()) {
                return same;
            }
        }
        for (Path place : model.places()) {
            if (Files.isDirectory(place)) {
                Optional<Problem> inside = OutputCheck.over(file, place);
                if (inside.isPresent()) {
                    return inside.map(
                            p ->
                                    p.hint(
                                            "copies of the input would have it too: choose another output"));
                }
            }
        }
        return Optional.empty();
    }

    static MergeReport run(
            MergePlan plan,
            Path file,
            EngineOptions options,
            MergeListener listener,
            Cancellation cancellation)
            throws IOException {
        throwIfAny(inputProblems(plan, file));
        State state = state(plan, file, options.resume());
        throwIfAny(outputProblems(plan, file, state, options.resume(), options.overwrite()));
        OutputPlaces places = OutputPlaces.of(plan, file);
        if (state == State.MOVING) {
            besides(places);
        }
        if (state == State.FINISHED || state == State.MOVING) {
            // A model on its way out of the folder is checked, never replaced.
            EngineOptions checking = state == State.MOVING ? options.overwrite(false) : options;
            Optional<MergeReport> finished = MergeEngine.finished(plan, places, checking, listener);
            if (finished.isPresent()) {
                return finished.get();
            }
        }
        Path folder = places.journal();
        MergeReport report =
                MergeEngine.intoDirectory(
                        plan,
                        folder,
                        // A card is a repository's, not a file's.
                        options.card(EngineOptions.Card.NEVER),
                        listener,
                        cancellation);
        DataFile data = plan.layout().files().get(0);
        Files.deleteIfExists(places.of(MergeReport.FILE));
        Files.deleteIfExists(places.of(CompanionFiles.RECIPE));
        FileWrites.moveOver(folder.resolve(data.name()), file.toAbsolutePath());
        besides(places);
        return report;
    }

    private static void throwIfAny(List<Problem> problems) {
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
    }

    /** Moves what lies beside the weights, the report last: with it, the merge is finished. */
    private static void besides(OutputPlaces places) throws IOException {
        Path folder = places.journal();
        for (String beside : List.of(CompanionFiles.RECIPE, MergeReport.FILE)) {
            Path made = folder.resolve(beside);
            if (Files.exists(made)) {
                FileWrites.moveOver(made, places.of(beside));
            }
        }
        FileWrites.forceDirectory(Objects.requireNonNull(folder.getParent()));
        try {
            Files.deleteIfExists(folder);
        } catch (DirectoryNotEmptyException e) {
            // Something else was put there: it is not ours to remove.
            return;
        }
    }
}
