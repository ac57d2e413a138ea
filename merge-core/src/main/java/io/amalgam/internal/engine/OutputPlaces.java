package io.amalgam.internal.engine;

import io.amalgam.plan.MergePlan;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Where an output's files are once it is finished: in its directory, or, if it is one file, there
 * and beside it.
 *
 * @param output the directory or the file
 * @param journal the directory with the journal of a merge that is not finished
 * @param file the name in the plan's layout of an output that is one file
 */
public record OutputPlaces(Path output, Path journal, Optional<String> file) {
    static OutputPlaces of(MergePlan plan, Path output) {
        return plan.format().isFile()
                ? new OutputPlaces(
                        output,
                        SingleFile.folder(output),
                        Optional.of(plan.layout().files().get(0).name()))
                : inDirectory(output);
    }

    static OutputPlaces inDirectory(Path directory) {
        return new OutputPlaces(directory, directory, Optional.empty());
    }

    /** Where a file of a finished model is, by its name in a directory. */
    public static Path beside(Path model, String name) {
        return Files.isDirectory(model)
                ? model.resolve(name)
                : model.resolveSibling(model.getFileName() + "." + name);
    }

    /** Where a file is, by its name in a directory. */
    Path of(String name) {
        if (file.isEmpty()) {
            return output.resolve(name);
        }
        return name.equals(file.get())
                ? output
                : output.resolveSibling(output.getFileName() + "." + name);
    }
}
