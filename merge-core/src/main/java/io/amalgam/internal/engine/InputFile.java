package io.amalgam.internal.engine;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.plan.MergePlan;
import io.amalgam.recipe.ModelRef;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A weights file that is merged, as it was when the merge began: what tells that somebody wrote to
 * it since.
 *
 * @param model as the recipe names it
 * @param millis its time of change
 */
public record InputFile(String model, Path path, long bytes, long millis) {

    /** All weights files of a plan's models, in their order, as they are now. */
    public static List<InputFile> of(MergePlan plan) throws IOException {
        List<InputFile> files = new ArrayList<>();
        for (Map.Entry<ModelRef, Checkpoint> model : plan.models().entrySet()) {
            for (Path file : model.getValue().weightFiles()) {
                files.add(now(model.getKey().toString(), file));
            }
        }
        return files;
    }

    /**
     * All files that a plan's models come from in the end, as they are now: those its stages read
     * in place of what its stages write.
     */
    public static List<InputFile> origins(MergePlan plan) throws IOException {
        List<InputFile> files = new ArrayList<>();
        for (Map.Entry<ModelRef, Checkpoint> model : plan.models().entrySet()) {
            for (Path file : model.getValue().origins()) {
                files.add(now(model.getKey().toString(), file));
            }
        }
        return files;
    }

    private static InputFile now(String model, Path file) throws IOException {
        return new InputFile(
                model, file, Files.size(file), Files.getLastModifiedTime(file).toMillis());
    }

    /**
     * The SHA-256 of the content, where the file lies in a cache that names files by it, as that of
     * the Hugging Face Hub does: what the hub said of it, not computed here.
     */
    Optional<String> sha256() {
        try {
            Path real = path.toRealPath();
            String name = String.valueOf(real.getFileName());
            Path folder = real.getParent();
            boolean named = name.matches("[0-9a-f]{64}");
            return named && folder != null && folder.endsWith("blobs")
                    ? Optional.of(name)
                    : Optional.empty();
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** The commit of a hub's repository, where the file is one of a snapshot in its cache. */
    Optional<String> commit() {
        Path folders = path.toAbsolutePath().normalize();
        for (int i = 0; i + 2 < folders.getNameCount(); i++) {
            String commit = folders.getName(i + 1).toString();
            if (folders.getName(i).endsWith("snapshots") && commit.matches("[0-9a-f]{40}")) {
                return Optional.of(commit);
            }
        }
        return Optional.empty();
    }

    /** This file in one line of a journal. */
    String line() {
        String place = path.toAbsolutePath().normalize().toString();
        return "input " + bytes + " " + millis + " " + place.replace('\n', ' ');
    }

    /**
     * Makes sure that what was read is still what is there. A file overwritten in place while it is
     * read gives a mixture of two models, which no checksum of the output would show.
     *
     * @throws BadInputException naming every file that changed
     */
    public static void requireUnchanged(List<InputFile> files) throws IOException {
        List<Problem> problems = new ArrayList<>();
        for (InputFile then : files) {
            String got = then.change();
            if (!got.isEmpty()) {
                problems.add(
                        Problem.expected(
                                        "input '" + then.path + "'",
                                        "no change while it was merged",
                                        got)
                                .hint("nothing was kept; merge again when nothing writes to it"));
            }
        }
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
    }

    /** What happened to the file since; empty if nothing did. */
    private String change() throws IOException {
        InputFile now;
        try {
            now = now(model, path);
        } catch (NoSuchFileException e) {
            return "no such file any more";
        }
        if (now.bytes != bytes) {
            return "a file of " + now.bytes + " bytes that had " + bytes;
        }
        return now.millis == millis ? "" : "a file that was written to";
    }
}
