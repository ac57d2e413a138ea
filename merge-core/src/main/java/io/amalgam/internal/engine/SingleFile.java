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
    private static Path folder(Path file) {
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
        if (Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !overwrite && !resume) {
            problems.add(
                    Problem.expected(
                                    "output file '" + file + "'", "a new file", "one that is there")
                            .hint("choose another, or give EngineOptions.overwrite(true)"));
            return problems;
        }
        problems.addAll(OutputCheck.directoryProblems(plan, folder(file), resume, overwrite));
        return problems;
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
        Path folder = folder(file);
        MergeReport report =
                MergeEngine.intoDirectory(plan, folder, options, listener, cancellation);
        for (String beside : List.of(MergeReport.FILE, CompanionFiles.RECIPE)) {
            Path made = folder.resolve(beside);
            Path place = folder.resolveSibling(file.getFileName() + "." + beside);
            if (Files.exists(made)) {
                FileWrites.moveOver(made, place);
            } else {
                Files.deleteIfExists(place);
            }
        }
        DataFile data = plan.layout().files().get(0);
        FileWrites.moveOver(folder.resolve(data.name()), file.toAbsolutePath());
        FileWrites.forceDirectory(Objects.requireNonNull(folder.getParent()));
        try {
            Files.deleteIfExists(folder);
        } catch (DirectoryNotEmptyException e) {
            // Something else was put there: it is not ours to remove.
            return report;
        }
        return report;
    }
}
