package io.amalgam.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.cli.judge.Numbers;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A command whose output fails to be written.
 *
 * @param words with OUT for the output
 * @param again what it is given in addition after it failed
 * @param wholes files that make a folder look whole, with what the names in it begin with
 * @param before a command that writes something else to the output, first
 * @param environment variables, with OUT for the output; empty for those of the process
 */
record FaultyCommand(
        String name,
        List<String> words,
        List<String> again,
        Map<String, String> wholes,
        List<String> before,
        Map<String, String> environment) {
    private static final String OUT = "OUT";
    private static final String MODEL = "out/model.safetensors";

    private FaultyCommand(String name, String again, String last, Object... words) {
        this(name, texts(words), split(again), Map.of(last, "out/"), List.of(), Map.of());
    }

    private static List<String> split(String words) {
        return words.isEmpty() ? List.of() : List.of(words.split(" "));
    }

    private static List<String> texts(Object... words) {
        return Arrays.stream(words).map(Object::toString).toList();
    }

    private FaultyCommand over(Object... earlier) {
        return new FaultyCommand(name, words, again, wholes, texts(earlier), environment);
    }

    /** Every kind of output there is, of small models in a folder. */
    static List<FaultyCommand> all(Path folder, TinyHub hub) throws IOException {
        Path recipe = Models.averageRecipe(folder);
        Path a = folder.resolve("a");
        Path b = folder.resolve("b");
        Path stages =
                Files.writeString(
                        folder.resolve("stages.yml"),
                        """
                        name: half
                        merge_method: linear
                        models: [{model: a, parameters: {weight: 1}}, {model: b, parameters: {weight: 1}}]
                        dtype: float32
                        ---
                        merge_method: linear
                        models: [{model: half, parameters: {weight: 1}}, {model: b, parameters: {weight: 1}}]
                        dtype: float32
                        """);
        Path recipes = Files.createDirectory(folder.resolve("recipes"));
        for (String model : List.of("a", "b")) {
            Files.writeString(
                    recipes.resolve(model + ".yml"),
                    "merge_method: passthrough\nmodels: [{model: ../" + model + "}]\n");
        }
        Path one = adapter(folder.resolve("one"), 2);
        Path two = adapter(folder.resolve("two"), 3);
        return List.of(
                new FaultyCommand("merge", "--resume", MODEL, "merge", recipe, OUT, "-j", 1),
                new FaultyCommand(
                        "shards",
                        "--resume",
                        MODEL + ".index.json",
                        "merge",
                        recipe,
                        OUT,
                        "-j",
                        1,
                        "--out-shard-size",
                        100),
                new FaultyCommand(
                                "overwrite",
                                "--resume",
                                MODEL,
                                "merge",
                                recipe,
                                OUT,
                                "-j",
                                1,
                                "--overwrite")
                        .over("merge", recipes.resolve("a.yml"), OUT, "--out-shard-size", 100),
                new FaultyCommand(
                        "part", "", MODEL, "merge", recipe, OUT, "-j", 1, "--part", "1/1"),
                new FaultyCommand("join", "", MODEL, "join", OUT)
                        .over("merge", recipe, OUT, "-j", 1, "--part", "1/1"),
                new FaultyCommand("stages", "--resume", MODEL, "merge", stages, OUT, "-j", 1),
                new FaultyCommand(
                        "lora-merge", "--resume", MODEL, "lora", "merge", a, one, OUT, "-j", 1),
                new FaultyCommand(
                        "lora-combine",
                        "--overwrite",
                        "out/adapter_config.json",
                        "lora",
                        "combine",
                        "--method",
                        "linear",
                        one,
                        two,
                        OUT,
                        "-j",
                        1),
                new FaultyCommand(
                        "lora-extract",
                        "--overwrite",
                        "out/adapter_config.json",
                        "lora",
                        "extract",
                        b,
                        a,
                        OUT,
                        "-j",
                        1,
                        "--rank",
                        2),
                new FaultyCommand(
                        "sparse",
                        "--overwrite",
                        "out/file.safetensors",
                        "lora",
                        "extract",
                        b,
                        a,
                        OUT + "/file.safetensors",
                        "--sparse",
                        0.5),
                new FaultyCommand(
                        "average", "--resume", MODEL, "average", "--ema", 0.5, a, b, OUT, "-j", 1),
                new FaultyCommand("soup", "--resume", MODEL, "soup", a, b, OUT, "-j", 1),
                new FaultyCommand(
                        "batch",
                        texts("batch", recipes, OUT, "-j", 1),
                        List.of(),
                        Map.of(
                                "out/a/model.safetensors",
                                "out/a/",
                                "out/b/model.safetensors",
                                "out/b/"),
                        List.of(),
                        Map.of()),
                statistics(folder, llama(folder.resolve("llama"), 1)),
                search(folder),
                gguf(),
                download(hub.model("org/m", a)),
                streamed(folder, hub));
    }

    /** Of two windows, for one of which there is memory: sums wait in a file. */
    private static FaultyCommand statistics(Path folder, Path model) throws IOException {
        Path tokens = Numbers.write(folder.resolve("t.npy"), Numbers.tokens(1000, 6));
        return new FaultyCommand(
                "statistics",
                "--overwrite",
                "out/s.safetensors",
                "statistics",
                model,
                tokens,
                OUT + "/s.safetensors",
                "-j",
                1,
                "--context",
                500,
                "--memory",
                "3400K");
    }

    /** The journal, the best recipe, the result and the merge. */
    private static FaultyCommand search(Path folder) throws IOException {
        llama(folder.resolve("llama-2"), 2);
        Path recipe =
                Files.writeString(
                        folder.resolve("search.yml"),
                        """
                        merge_method: linear
                        models: [{model: llama, parameters: {weight: 1}}, {model: llama-2, parameters: {weight: ${w}}}]
                        dtype: float32
                        search: {w: [0.5, 1]}
                        """);
        Path tokens = Numbers.write(folder.resolve("s.npy"), Numbers.tokens(8, 6));
        return new FaultyCommand(
                "search",
                "",
                MODEL,
                "search",
                recipe,
                OUT,
                "-j",
                1,
                "--method",
                "random",
                "--budget",
                1,
                "--text",
                tokens,
                "--context",
                4);
    }

    /** A single file, with report and recipe beside it. */
    private static FaultyCommand gguf() {
        Path model = Path.of("../merge-formats/src/test/resources/golden/gguf/models/hf-llama");
        return new FaultyCommand(
                "gguf",
                "--resume",
                "out.gguf",
                "convert",
                model.toAbsolutePath(),
                OUT + ".gguf",
                "-j",
                1);
    }

    private static Path llama(Path model, float value) throws IOException {
        Files.createDirectory(model);
        Files.writeString(
                model.resolve("config.json"),
                "{\"model_type\": \"llama\", \"num_hidden_layers\": 1, \"hidden_size\": 4,"
                        + " \"intermediate_size\": 4, \"num_attention_heads\": 2,"
                        + " \"max_position_embeddings\": 8, \"vocab_size\": 6, \"tie_word_embeddings\": true}");
        List<NamedTensor> tensors = new ArrayList<>();
        tensors.add(Models.filled("model.embed_tokens.weight", value, 6, 4));
        tensors.add(Models.filled("model.norm.weight", value, 4));
        for (String norm : List.of("input", "post_attention")) {
            tensors.add(Models.filled("model.layers.0." + norm + "_layernorm.weight", value, 4));
        }
        for (String module :
                "self_attn.q self_attn.k self_attn.v self_attn.o mlp.gate mlp.up mlp.down"
                        .split(" ")) {
            tensors.add(Models.filled("model.layers.0." + module + "_proj.weight", value, 4, 4));
        }
        SafetensorsWriter.write(model.resolve("model.safetensors"), tensors, Map.of());
        return model;
    }

    /** A revision that leads to a commit promises all files of it. */
    private static FaultyCommand download(TinyHub hub) {
        String repository = "out/hub/models--org--m/";
        return new FaultyCommand(
                "download",
                List.of("download", "org/m"),
                List.of(),
                Map.of(repository + "refs/main", repository + "snapshots/"),
                List.of(),
                hub.environment(Path.of(OUT)));
    }

    /** Headers and pieces of weights are in the cache, beside the output. */
    private static FaultyCommand streamed(Path folder, TinyHub hub) throws IOException {
        Path recipe =
                Files.writeString(
                        folder.resolve("streamed.yml"),
                        """
                        merge_method: linear
                        models: [{model: org/m, parameters: {weight: 1}}, {model: b, parameters: {weight: 1}}]
                        dtype: float32
                        """);
        return new FaultyCommand(
                "streamed",
                texts("merge", recipe, OUT, "--stream", "-j", 1),
                List.of("--resume"),
                Map.of(MODEL, "out/"),
                List.of(),
                hub.environment(Path.of(OUT + "-cache")));
    }

    /** Whether what it writes is a cache, which another command reads without asking the hub. */
    boolean isCache() {
        return words.get(0).equals("download");
    }

    /** Runs it, or words like it. */
    Cli run(Path place, List<String> words, Map<String, String> more) {
        if (environment.isEmpty()) {
            return Cli.run(words.toArray());
        }
        Map<String, String> all = new HashMap<>(more);
        environment.forEach((name, value) -> all.put(name, in(place, List.of(value)).get(0)));
        return Cli.in(all, words.toArray());
    }

    private static Path adapter(Path directory, float value) throws IOException {
        Files.createDirectory(directory);
        Files.writeString(
                directory.resolve("adapter_config.json"),
                "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 1}");
        String module = "base_model.model.model.layers.0.up.";
        SafetensorsWriter.write(
                directory.resolve("adapter_model.safetensors"),
                List.of(
                        Models.filled(module + "lora_A.weight", value, 2, 4),
                        Models.filled(module + "lora_B.weight", 3, 4, 2)),
                Map.of("format", "pt"));
        return directory;
    }

    List<String> words(Path place, boolean afterAFailure) {
        List<String> all = new ArrayList<>(in(place, words));
        if (afterAFailure && !again.isEmpty()) {
            all.remove("--overwrite");
            all.addAll(again);
        }
        return all;
    }

    private static List<String> in(Path place, List<String> words) {
        return words.stream()
                .map(word -> word.startsWith(OUT) ? place + "/out" + word.substring(3) : word)
                .toList();
    }

    /** Reports have times in them: they are whole or not. */
    static byte[] comparable(String name, byte[] content) {
        if (name.endsWith("journal.jsonl")) {
            // It grows line by line; the search reads what is whole.
            return "a journal".getBytes(StandardCharsets.UTF_8);
        }
        if (!name.endsWith("amalgam-report.json")
                && !name.endsWith("batch.json")
                && !name.endsWith("part.json")
                && !name.endsWith("search.json")) {
            return content;
        }
        try {
            new ObjectMapper().readTree(content);
            return "a report".getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            return content;
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    List<String> before(Path place) {
        return in(place, before);
    }
}
