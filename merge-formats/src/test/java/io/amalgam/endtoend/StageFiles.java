package io.amalgam.endtoend;

import io.amalgam.ModelLoader;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeListener;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import io.amalgam.internal.method.builtin.BuiltInMethods;
import io.amalgam.internal.recipe.yaml.ReadOptions;
import io.amalgam.internal.recipe.yaml.RecipeReader;
import io.amalgam.internal.stages.StagePlaces;
import io.amalgam.internal.stages.StagePlanner;
import io.amalgam.internal.stages.StagedMerge;
import io.amalgam.internal.stages.StagedPlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Models and merges for the tests of stages. */
record StageFiles(Path root) {
    /** Writes the models {@code a}, {@code b} and {@code c}: floats alone, of odd lengths. */
    StageFiles models() throws IOException {
        for (int i = 0; i < 3; i++) {
            model(List.of("a", "b", "c").get(i), i);
        }
        return this;
    }

    private void model(String name, int seed) throws IOException {
        List<NamedTensor> tensors = new ArrayList<>();
        tensors.add(floats("embed.weight", seed, 700, 401));
        for (int layer = 0; layer < 3; layer++) {
            tensors.add(floats("layers." + layer + ".up.weight", seed, 37, 41));
            tensors.add(floats("layers." + layer + ".bias", seed, 7));
        }
        Files.createDirectories(root.resolve(name));
        SafetensorsWriter.write(
                root.resolve(name).resolve("model.safetensors"), tensors, Map.of("format", "pt"));
        Files.writeString(
                root.resolve(name).resolve("config.json"),
                "{\"model_type\": \"" + name + "\", \"num_hidden_layers\": 3}");
        Files.writeString(
                root.resolve(name).resolve("tokenizer.json"),
                "{\"of\": \""
                        + name
                        + "\", \"added_tokens\": [], \"model\": {\"type\": \"WordLevel\", \"vocab\": {\"x\": 0}, \"unk_token\": \"x\"}}");
    }

    /** A model with a row for each token, and a tokenizer that numbers them so. */
    void vocabulary(String name, String... tokens) throws IOException {
        List<String> numbered = new ArrayList<>();
        for (int i = 0; i < tokens.length; i++) {
            numbered.add("\"" + tokens[i] + "\": " + i);
        }
        Path folder = Files.createDirectories(root.resolve(name));
        SafetensorsWriter.write(
                folder.resolve("model.safetensors"),
                List.of(
                        floats("model.embed_tokens.weight", name.hashCode(), tokens.length, 5),
                        floats("model.norm.weight", name.hashCode(), 9)),
                Map.of("format", "pt"));
        Files.writeString(
                folder.resolve("config.json"),
                "{\"model_type\": \"m\", \"vocab_size\": " + tokens.length + "}");
        Files.writeString(
                folder.resolve("tokenizer.json"),
                "{\"version\": \"1.0\", \"added_tokens\": [], \"model\": {\"type\": \"WordLevel\", \"vocab\": {"
                        + String.join(", ", numbered)
                        + "}, \"unk_token\": \"x\"}}");
        Files.writeString(folder.resolve("tokenizer_config.json"), "{\"from\": \"" + name + "\"}");
    }

    /** An adapter for one layer of the models. */
    void adapter(String name) throws IOException {
        Path folder = Files.createDirectories(root.resolve(name));
        Files.writeString(
                folder.resolve("adapter_config.json"),
                "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 3}");
        String module = "base_model.model.layers.1.up.lora_";
        SafetensorsWriter.write(
                folder.resolve("adapter_model.safetensors"),
                List.of(
                        floats(module + "A.weight", 5, 2, 41),
                        floats(module + "B.weight", 5, 37, 2)),
                Map.of("format", "pt"));
    }

    private static NamedTensor floats(String name, int seed, long... dims) {
        Random random = new Random(name.hashCode() * 31L + seed);
        float[] values = new float[(int) Shape.of(dims).elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return NamedTensor.ofFloats(name, Shape.of(dims), values);
    }

    StagedPlan plan(String recipes, boolean keep) throws IOException {
        ModelLoader loader = ModelLoader.load();
        return new StagePlanner(
                        BuiltInMethods.load(),
                        loader.models(List.of(root)),
                        loader.output("huggingface"))
                .plan(
                        RecipeReader.readAll(recipes, "r.yml", ReadOptions.DEFAULT),
                        PlanOptions.DEFAULT,
                        keep);
    }

    /** Merges with stages read through where they can be. */
    void merge(String recipes, Path out) throws IOException {
        try (StagedPlan plan = plan(recipes, false)) {
            StagedMerge.run(
                    plan,
                    StagePlaces.beside(out),
                    Options.DEFAULT.build(),
                    MergeListener.NONE,
                    new Cancellation());
        }
    }

    /** All files below a folder but reports, which tell the time. */
    static Map<String, byte[]> contents(Path folder) throws IOException {
        Map<String, byte[]> contents = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (!file.endsWith("amalgam-report.json")) {
                    contents.put(folder.relativize(file).toString(), Files.readAllBytes(file));
                }
            }
        }
        return contents;
    }
}
