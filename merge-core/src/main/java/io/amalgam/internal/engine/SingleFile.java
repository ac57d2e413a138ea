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

    static List<Problem> problems(MergePlan plan, Path file, boolean resume, boolean overwrite)
            throws IOException {
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
        if (!problems.isEmpty()) {
            return problems;
        }
        boolean ours = overwrite || (resume && (isFinished(plan, file) || isToReplace(plan, file)));
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !ours) {
            problems.add(
                    Problem.expected(
                                    "output file '" + file + "'", "a new file", "one that is there")
                            .hint("choose another, or give EngineOptions.overwrite(true)"));
            return problems;
        }
        if (!resume || !(isFinished(plan, file) || isMoving(plan, file))) {
            problems.addAll(OutputCheck.directoryProblems(plan, folder(file), resume, overwrite));
        }
        return problems;
    }

    /** Whether the file is this plan's result, by the report beside it. */
    private static boolean isFinished(MergePlan plan, Path file) throws IOException {
        return FinishedMerge.differenceByReport(plan, OutputPlaces.of(plan, file)).isEmpty();
    }

    /** Whether what was interrupted was allowed to replace the file, or had put it there. */
    private static boolean isToReplace(MergePlan plan, Path file) throws IOException {
        return Journal.isToOverwrite(folder(file)) || isMoving(plan, file);
    }

    /** Whether the weights are in their place already, and what lies beside them is not. */
    private static boolean isMoving(MergePlan plan, Path file) throws IOException {
        Path folder = folder(file);
        DataFile data = plan.layout().files().get(0);
        return !Files.exists(folder.resolve(data.name()))
                && FinishedMerge.differenceByReport(plan, OutputPlaces.inDirectory(folder))
                        .isEmpty()
                && Files.exists(file)
                && Files.size(file) == data.size();
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
        List<Problem> problems = problems(plan, file, options.resume(), options.overwrite());
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
        OutputPlaces places = OutputPlaces.of(plan, file);
        if (options.resume() && isFinished(plan, file)) {
            return MergeEngine.finished(plan, places, options, listener);
        }
        Path folder = folder(file);
        if (options.resume() && isMoving(plan, file)) {
            besides(folder, file);
            return MergeEngine.finished(plan, places, options, listener);
        }
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
        besides(folder, file);
        return report;
    }

    /** Moves what lies beside the weights, the report last: with it, the merge is finished. */
    private static void besides(Path folder, Path file) throws IOException {
        for (String beside : List.of(CompanionFiles.RECIPE, MergeReport.FILE)) {
            Path made = folder.resolve(beside);
            Path place = folder.resolveSibling(file.getFileName() + "." + beside);
            if (Files.exists(made)) {
                FileWrites.moveOver(made, place);
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
