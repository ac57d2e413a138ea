package io.amalgam.plan;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.error.Problem;
import io.amalgam.recipe.ModelRef;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A file the output gets a copy of: tokenizer, generation settings.
 *
 * @param name relative to the model's directory, and to the output's
 * @param file where it is
 * @param bytes its size
 */
public record SideFile(Path name, Path file, long bytes) {
    /** The same file under another name. */
    SideFile named(String other) {
        return new SideFile(Path.of(other), file, bytes);
    }

    boolean sameContent(SideFile other) {
        try {
            return Files.mismatch(file, other.file) < 0;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** By its name in the folder of the model proper; empty if it is elsewhere. */
    Optional<SideFile> atHome(Checkpoint model) {
        String home = model.folders().home();
        if (home.isEmpty()) {
            return Optional.of(this);
        }
        return name.startsWith(home)
                ? Optional.of(named(Path.of(home).relativize(name).toString()))
                : Optional.empty();
    }

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
                        "file '" + file + "', which the output gets a copy of",
                        "a readable file",
                        found)
                .at(ref.location())
                .hint("mend it, or remove it from the model's directory");
    }
}
