package io.amalgam.internal.formats.huggingface;

import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.error.Problem;
import io.amalgam.internal.formats.files.WeightName;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/** Says why a directory is not a model, from what is in it instead. */
final class NoWeights {
    private static final int LISTED = 10;

    /** The list of a pipeline's parts, as diffusers writes it. */
    private static final String PIPELINE = "model_index.json";

    private static final Set<String> MAKERS = Set.of("transformer", "unet");

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

    /** Weights of several variants, and none of the usual name. */
    static Problem several(Path directory, List<WeightName> found) {
        String names =
                String.join("' and '", found.stream().map(WeightName::base).sorted().toList());
        return Problem.expected(
                        "model directory",
                        "weights without a variant, or of one",
                        "'" + names + "'")
                .at("'" + directory + "'")
                .hint("leave only one of them in the directory");
    }

    static Problem in(Path directory) throws IOException {
        List<String> found = names(directory);
        Problem problem =
                Problem.expected(
                                "model directory",
                                "'model.safetensors' or 'model.safetensors.index.json'",
                                describe(found))
                        .at("'" + directory + "'");
        if (found.contains(OutputLayout.PARTIAL)) {
            return problem.hint(
                    "a merge to it was interrupted, or is still running: repeat it with EngineOptions.resume(true) to finish it");
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
        List<String> models = modelsIn(directory, found);
        if (found.contains(PIPELINE) && !models.isEmpty()) {
            return problem.hint(
                    "this is a pipeline of several models: name the folder of one, such as '"
                            + directory.resolve(models.get(0))
                            + "'");
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

    /** Folders inside that have weights, those of the model that makes the images first. */
    private static List<String> modelsIn(Path directory, List<String> found) throws IOException {
        List<String> models = new ArrayList<>();
        for (String name : found) {
            if (Files.isDirectory(directory.resolve(name))
                    && WeightFiles.areIn(directory.resolve(name))) {
                models.add(name);
            }
        }
        models.sort(Comparator.comparing(name -> !MAKERS.contains(name)));
        return models;
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
