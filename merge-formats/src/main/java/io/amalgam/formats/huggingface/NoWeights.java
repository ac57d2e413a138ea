package io.amalgam.formats.huggingface;

import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.error.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Says why a directory is not a model, from what is in it instead. */
final class NoWeights {
    private static final int LISTED = 10;

    private NoWeights() {}

    /** Downloads keep files elsewhere and link to them. */
    static boolean isLinkToNothing(Path file) {
        return Files.isSymbolicLink(file) && !Files.exists(file);
    }

    static Problem linkToNothing(Path file) {
        return Problem.expected(
                        "file '" + file.getFileName() + "'", "a readable file", "a link to nothing")
                .at("'" + file + "'")
                .hint("the download is incomplete: get the file again, or mend the link");
    }

    static Problem in(Path directory) throws IOException {
        List<String> found = names(directory);
        Problem problem =
                Problem.expected(
                                "model directory",
                                "'model.safetensors' or '" + ShardIndex.FILE + "'",
                                describe(found))
                        .at("'" + directory + "'");
        if (found.contains(OutputLayout.PARTIAL)) {
            return problem.hint(
                    "a merge to it was interrupted, or is still running: repeat its command with --resume to finish it");
        }
        if (found.contains("adapter_config.json")
                || found.stream().anyMatch(NoWeights::isAdapter)) {
            return problem.hint(
                    "this is a LoRA adapter, not a model: name the model it was trained for");
        }
        if (found.stream()
                .anyMatch(name -> name.startsWith("pytorch_model") && name.contains(".bin"))) {
            return problem.hint(
                    "its shards are found by 'pytorch_model.bin.index.json', which is missing: the download is incomplete");
        }
        List<String> candidates =
                found.stream().filter(name -> name.endsWith(".safetensors")).toList();
        if (candidates.size() == 1) {
            return problem.hint(
                    "to merge that file alone, give its path: '"
                            + directory.resolve(candidates.get(0))
                            + "'");
        }
        return problem.hint("check the path");
    }

    private static boolean isAdapter(String name) {
        return name.startsWith("adapter_model.");
    }

    private static List<String> names(Path directory) throws IOException {
        try (Stream<Path> entries = Files.list(directory)) {
            return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
        }
    }

    private static String describe(List<String> found) {
        if (found.isEmpty()) {
            return "an empty directory";
        }
        String shown = String.join("', '", found.subList(0, Math.min(LISTED, found.size())));
        return "'"
                + shown
                + "'"
                + (found.size() > LISTED ? " and " + (found.size() - LISTED) + " more" : "");
    }
}
