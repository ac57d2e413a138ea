package io.amalgam.cli.lora;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.cli.options.WeightedPath;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.OutputCheck;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Whether an adapter may be written to a directory. */
final class AdapterOutput {
    private AdapterOutput() {}

    /**
     * Whether a file may be written.
     *
     * @param inputs models that are read
     */
    static void checkFile(Path out, boolean overwrite, List<Checkpoint> inputs) throws IOException {
        OutputCheck.requireReadable(out);
        for (Checkpoint input : inputs) {
            requireApart(out, input.path());
        }
        if (!Files.exists(out)) {
            return;
        }
        for (Checkpoint input : inputs) {
            for (Path file : input.origins()) {
                if (Files.exists(file) && Files.isSameFile(file, out)) {
                    throw new BadInputException(
                            Problem.of("output '" + out + "' is the input '" + file + "'")
                                    .hint("inputs are never written over: choose another output"));
                }
            }
        }
        if (!overwrite || !Files.isRegularFile(out)) {
            throw new BadInputException(
                    Problem.expected(
                                    "output '" + out + "'",
                                    "nothing there",
                                    Files.isDirectory(out) ? "a directory" : "a file")
                            .hint("choose another, or give --overwrite for a file"));
        }
    }

    /**
     * @param inputs paths that are read, and must not be written to; perhaps with weights
     */
    static void check(Path out, boolean overwrite, List<String> inputs) throws IOException {
        OutputCheck.requireReadable(out);
        if (out.toString().endsWith(".gguf") && !Files.isDirectory(out)) {
            throw new BadInputException(
                    Problem.expected("output '" + out + "'", "a directory", "a GGUF file")
                            .hint(
                                    "adapters are written to directories: choose another name, or merge the adapter with 'amalgam lora merge'"));
        }
        for (String input : inputs) {
            requireApart(out, Path.of(WeightedPath.parse(input).path()));
        }
        if (!Files.exists(out)) {
            return;
        }
        if (!Files.isDirectory(out)) {
            throw new BadInputException(
                    Problem.expected("output '" + out + "'", "a directory", "a file")
                            .hint("choose another output"));
        }
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(out)) {
            for (Path entry : entries) {
                if (!overwrite) {
                    throw new BadInputException(
                            Problem.expected(
                                            "output directory '" + out + "'",
                                            "an empty or new directory",
                                            "one with '" + entry.getFileName() + "'")
                                    .hint("choose another, or give --overwrite"));
                }
            }
        }
    }

    private static void requireApart(Path out, Path input) throws IOException {
        Optional<Problem> over = OutputCheck.over(out, input);
        if (over.isPresent()) {
            throw new BadInputException(over.get());
        }
    }
}
