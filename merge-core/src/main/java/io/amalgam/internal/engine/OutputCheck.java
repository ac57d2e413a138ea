package io.amalgam.internal.engine;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.plan.MergePlan;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Whether an output directory can take a plan's files: looked at before anything is written. */
public final class OutputCheck {
    /**
     * What Java makes of bytes that are no characters: another name than the one that was meant.
     */
    private static final char UNREADABLE = '\ufffd';

    private OutputCheck() {}

    /**
     * Everything that speaks against writing {@code plan} to {@code output}; nothing where it may
     * go ahead.
     *
     * @throws IOException if what is there cannot be looked at
     */
    public static List<Problem> problems(
            MergePlan plan, Path output, boolean resume, boolean overwrite) throws IOException {
        return plan.format().isFile()
                ? SingleFile.problems(plan, output, resume, overwrite)
                : directoryProblems(plan, output, resume, overwrite);
    }

    /**
     * Everything that speaks against writing some of a plan's files to {@code output}, in parts.
     *
     * @param bytes of those files
     */
    public static List<Problem> partProblems(
            MergePlan plan, Path output, boolean overwrite, long bytes) throws IOException {
        if (plan.format().isFile()) {
            return List.of(
                    Problem.expected(
                                    "output '" + output + "'",
                                    "a directory, whose files are divided into parts",
                                    "a single file")
                            .hint("merge it in one run"));
        }
        List<Problem> problems = new ArrayList<>(placeProblems(plan, output));
        if (problems.isEmpty()) {
            contents(output, false, overwrite, true, problems);
            space(bytes, output, problems);
        }
        return problems;
    }

    /** The same of an output that is a directory. */
    static List<Problem> directoryProblems(
            MergePlan plan, Path directory, boolean resume, boolean overwrite) throws IOException {
        List<Problem> problems = new ArrayList<>(placeProblems(plan, directory));
        if (!problems.isEmpty()) {
            return problems;
        }
        OutputPlaces places = OutputPlaces.inDirectory(directory);
        if (!resume || FinishedMerge.differenceByReport(plan, places).isPresent()) {
            contents(directory, resume, overwrite, false, problems);
        }
        space(plan.diskBytes(), directory, problems);
        return problems;
    }

    /** Endings of files of weights: nobody names a directory so and means it. */
    private static final Pattern WEIGHTS =
            Pattern.compile(
                    "\\.(safetensors|bin|pt|pth|ckpt|gguf|npz|h5)$", Pattern.CASE_INSENSITIVE);

    /** What speaks against the place, whatever is in it. */
    private static List<Problem> placeProblems(MergePlan plan, Path directory) throws IOException {
        Optional<Problem> unreadable = unreadable(directory);
        if (unreadable.isPresent()) {
            return List.of(unreadable.get());
        }
        if (Files.exists(directory, LinkOption.NOFOLLOW_LINKS) && !Files.isDirectory(directory)) {
            return List.of(
                    Problem.expected("output '" + directory + "'", "a directory", found(directory))
                            .hint("choose another output"));
        }
        Path name = directory.getFileName();
        if (name != null
                && WEIGHTS.matcher(name.toString()).find()
                && !Files.isDirectory(directory)) {
            return List.of(
                    Problem.expected(
                                    "output '" + directory + "'",
                                    "the name of a directory",
                                    "that of a file of weights")
                            .hint("the directory will hold the weights and what belongs to them"));
        }
        List<Problem> problems = new ArrayList<>();
        inputs(plan, directory, problems);
        // What else is wrong with it is nothing to whoever must choose another.
        return problems;
    }

    /**
     * What speaks against an output by its name alone: given in other bytes than UTF-8, it would be
     * written under another name.
     */
    private static Optional<Problem> unreadable(Path output) {
        if (output.toString().indexOf(UNREADABLE) < 0) {
            return Optional.empty();
        }
        return Optional.of(
                Problem.expected("output '" + output + "'", "a name in UTF-8", "other bytes")
                        .hint("choose another output"));
    }

    /**
     * Refuses an output by its name alone.
     *
     * @throws BadInputException if its name is not UTF-8
     */
    public static void requireReadable(Path output) {
        Optional<Problem> unreadable = unreadable(output);
        if (unreadable.isPresent()) {
            throw new BadInputException(unreadable.get());
        }
    }

    static void require(MergePlan plan, Path directory, boolean resume, boolean overwrite)
            throws IOException {
        List<Problem> problems = directoryProblems(plan, directory, resume, overwrite);
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
    }

    /** What is there that is no directory. */
    private static String found(Path path) {
        return Files.exists(path) ? "a file" : "a link to nothing";
    }

    private static void inputs(MergePlan plan, Path directory, List<Problem> problems)
            throws IOException {
        Path out = real(directory);
        for (Checkpoint checkpoint : plan.models().values()) {
            Optional<Problem> other = overOthers(checkpoint, directory);
            if (other.isPresent()) {
                problems.add(other.get());
            } else if (isInput(checkpoint, out)) {
                problems.add(refused(directory, "is the input model '" + checkpoint.path() + "'"));
            } else if (isPart(checkpoint, out)) {
                problems.add(
                        refused(
                                directory,
                                "is a part of the input model '" + checkpoint.path() + "'"));
            } else if (isInside(checkpoint, out)) {
                problems.add(
                        refused(
                                directory,
                                "is inside of the input model '" + checkpoint.path() + "'"));
            }
        }
    }

    /** An adapter in a model is an input too. */
    private static Optional<Problem> overOthers(Checkpoint checkpoint, Path directory)
            throws IOException {
        for (Path input : checkpoint.places()) {
            Optional<Problem> found =
                    input.equals(checkpoint.path()) ? Optional.empty() : over(directory, input);
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    /**
     * What speaks against an output that is an input's folder, or inside of it: copies of the input
     * would have it too.
     *
     * @param input a folder or a file
     * @throws IOException if one of them cannot be looked at
     */
    public static Optional<Problem> over(Path output, Path input) throws IOException {
        if (!Files.exists(input)) {
            return Optional.empty();
        }
        Path out = real(output);
        Path read = input.toRealPath();
        if (out.equals(read) || (!Files.isDirectory(read) && out.equals(read.getParent()))) {
            return Optional.of(refused(output, "is the input '" + input + "'"));
        }
        return Files.isDirectory(read) && out.startsWith(read)
                ? Optional.of(refused(output, "is inside of the input '" + input + "'"))
                : Optional.empty();
    }

    private static Problem refused(Path directory, String what) {
        return Problem.of("output '" + directory + "' " + what)
                .hint("inputs are never written over: choose another output");
    }

    /** The real path of a directory, or what it will be once it is made. */
    private static Path real(Path directory) throws IOException {
        Path there = directory.toAbsolutePath().normalize();
        Path rest = Path.of("");
        while (!Files.exists(there) && there.getParent() != null) {
            rest = Objects.requireNonNull(there.getFileName()).resolve(rest);
            there = there.getParent();
        }
        return rest.toString().isEmpty() ? there.toRealPath() : there.toRealPath().resolve(rest);
    }

    private static boolean isInput(Checkpoint checkpoint, Path out) throws IOException {
        for (Path file : checkpoint.weightFiles()) {
            // Weights may be links to files elsewhere: neither place is an output.
            Path folder = Objects.requireNonNull(file.toAbsolutePath().getParent()).toRealPath();
            if (folder.equals(out) || out.equals(file.toRealPath().getParent())) {
                return true;
            }
        }
        return false;
    }

    /** Whether the output is a folder that is a part of a model, such as a module's. */
    private static boolean isPart(Checkpoint checkpoint, Path out) throws IOException {
        Set<Path> folders = new LinkedHashSet<>();
        if (!checkpoint.folders().mainFolder().isEmpty()) {
            // Its weights are deeper, but the directory is the model's all the same.
            folders.add(checkpoint.path());
        }
        for (Path side : checkpoint.sideFiles()) {
            Path folder = side.getParent();
            if (folder != null) {
                folders.add(checkpoint.path().resolve(folder));
            }
        }
        for (Path folder : folders) {
            if (folder.toRealPath().equals(out)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Whether the output would become a folder of a model's own: copies of it would have it too.
     */
    private static boolean isInside(Checkpoint checkpoint, Path out) throws IOException {
        Path model = checkpoint.path();
        return Files.isDirectory(model) && out.startsWith(model.toRealPath());
    }

    private static void contents(
            Path directory,
            boolean resume,
            boolean overwrite,
            boolean parts,
            List<Problem> problems)
            throws IOException {
        if (!Files.exists(directory)) {
            return;
        }
        if (Journal.isHeld(directory)) {
            problems.add(Journal.held(directory));
            return;
        }
        boolean interrupted = Journal.isBegun(directory);
        if (interrupted && !resume && !overwrite) {
            problems.add(
                    Problem.of("an interrupted merge is in '" + directory + "'")
                            .hint(
                                    "continue it with EngineOptions.resume(true), or start again with EngineOptions.overwrite(true)"));
            return;
        }
        if (!parts && !overwrite && Files.isDirectory(directory.resolve(ExistingOutput.PARTS))) {
            problems.add(
                    Problem.of("parts of a merge are in '" + directory + "'")
                            .hint(
                                    "complete them with 'amalgam join', or start again with EngineOptions.overwrite(true)"));
            return;
        }
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                String name = entry.getFileName().toString();
                boolean ours =
                        name.equals(OutputLayout.PARTIAL)
                                || (parts && name.equals(ExistingOutput.PARTS));
                if (!ours
                        && !ExistingOutput.isNothing(entry)
                        && !overwrite
                        && !(resume && interrupted)) {
                    problems.add(
                            Problem.expected(
                                            "output directory '" + directory + "'",
                                            "an empty or new directory",
                                            "one with '" + entry.getFileName() + "'")
                                    .hint("choose another, or give EngineOptions.overwrite(true)"));
                    return;
                }
            }
        }
    }

    private static void space(long needed, Path directory, List<Problem> problems)
            throws IOException {
        Path existing = directory.toAbsolutePath();
        while (existing != null && !Files.exists(existing, LinkOption.NOFOLLOW_LINKS)) {
            existing = existing.getParent();
        }
        if (existing == null) {
            problems.add(Problem.of("output '" + directory + "' has no existing parent directory"));
            return;
        }
        if (!Files.isDirectory(existing)) {
            problems.add(
                    Problem.expected(
                                    "output '" + directory + "'",
                                    "a directory at '" + existing + "'",
                                    found(existing))
                            .hint("choose another output"));
            return;
        }
        if (!Files.isWritable(existing)) {
            problems.add(
                    Problem.of(
                                    "output '"
                                            + directory
                                            + "' cannot be written: no permission for '"
                                            + existing
                                            + "'")
                            .hint("change its permissions, or choose another output")
                            .ofStorage());
            return;
        }
        long free = Files.getFileStore(existing).getUsableSpace();
        Path partial = directory.resolve(OutputLayout.PARTIAL);
        if (Files.isDirectory(partial)) {
            try (DirectoryStream<Path> parts = Files.newDirectoryStream(partial)) {
                for (Path part : parts) {
                    free += Files.size(part);
                }
            }
        }
        if (free < needed) {
            problems.add(
                    Problem.expected(
                                    "space for '" + directory + "'",
                                    needed + " bytes",
                                    free + " bytes free")
                            .hint("free some, or choose an output on another disk")
                            .ofStorage());
        }
    }
}
