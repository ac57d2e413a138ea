package io.amalgam.internal.plan;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.error.Problem;
import io.amalgam.plan.MergePlan.SideFile;
import io.amalgam.recipe.ModelRef;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The side files of a model that are copied to the output. */
final class DonorFiles {
    private DonorFiles() {}

    /**
     * The donor's side files. Each is opened once, for copying them comes last and must not fail
     * then.
     */
    static List<SideFile> of(ModelRef ref, Checkpoint donor, Problems problems) {
        List<SideFile> files = new ArrayList<>();
        for (Path name : donor.sideFiles()) {
            Path file = donor.locate(name);
            try {
                String found = found(file);
                if (found.isEmpty()) {
                    files.add(new SideFile(name, file, Files.size(file)));
                } else {
                    problems.add(unreadable(ref, file, found));
                }
            } catch (AccessDeniedException e) {
                problems.add(unreadable(ref, file, "no permission"));
            } catch (IOException e) {
                problems.add(unreadable(ref, file, "an error: " + e.getMessage()));
            }
        }
        return files;
    }

    /** What is there instead of a file that can be read; empty if nothing is wrong. */
    private static String found(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            return "a directory";
        }
        if (!Files.exists(file)) {
            return Files.exists(file, LinkOption.NOFOLLOW_LINKS) ? "a link to nothing" : "nothing";
        }
        if (!Files.isRegularFile(file)) {
            return "a pipe or device";
        }
        Files.newInputStream(file).close();
        return "";
    }

    private static Problem unreadable(ModelRef ref, Path file, String found) {
        return Problem.expected(
                        "file '" + file + "', to be copied to the output", "a readable file", found)
                .at(ref.location())
                .hint("repair it, or remove it from the model's directory");
    }
}
