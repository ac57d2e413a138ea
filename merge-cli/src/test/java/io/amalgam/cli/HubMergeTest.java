package io.amalgam.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.Merge;
import io.amalgam.checkpoint.HubOptions;
import io.amalgam.formats.safetensors.NamedTensor;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.recipe.ModelRef;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Merges of models that a hub on this machine has. */
class HubMergeTest {
    private static final Pattern NAME =
            Pattern.compile("(?:model|base_model): ([\\w.-]+/[\\w.-]+)");
    private static final Path RECIPES = Path.of("src/test/resources/recipes");

    @TempDir Path folder;
    private TinyHub hub;

    @BeforeEach
    void start() throws IOException {
        hub = new TinyHub();
    }

    @AfterEach
    void stop() {
        hub.close();
    }

    private Map<String, String> environment() {
        return hub.environment(folder.resolve("hf"));
    }

    /** A stand-in with the names of tensors that models of this kind have. */
    private void standIn(String name, int layers, float value) throws IOException {
        List<NamedTensor> tensors = new ArrayList<>();
        tensors.add(Models.filled("model.embed_tokens.weight", value, 3, 4));
        for (int layer = 0; layer < layers; layer++) {
            String start = "model.layers." + layer + ".";
            tensors.add(Models.filled(start + "self_attn.q_proj.weight", value + layer, 4, 4));
            tensors.add(Models.filled(start + "mlp.up_proj.weight", value - layer, 4, 4));
            tensors.add(Models.filled(start + "input_layernorm.weight", 1, 4));
        }
        tensors.add(Models.filled("model.norm.weight", 1, 4));
        tensors.add(Models.filled("lm_head.weight", value, 3, 4));
        Path model = folder.resolve("hub").resolve(name);
        Models.write(
                model,
                tensors,
                "{\"architectures\": [\"MistralForCausalLM\"], \"num_hidden_layers\": %d, \"vocab_size\": 3}"
                        .formatted(layers));
        Files.writeString(
                model.resolve("tokenizer.json"),
                "{\"model\": {\"type\": \"BPE\", \"vocab\": {\"a\": 0, \"b\": 1, \"c\": 2}, \"merges\": []}}");
        Files.writeString(
                model.resolve("tokenizer_config.json"), "{\"chat_template\": \"{{ messages }}\"}");
        hub.model(name, model);
    }

    private Path publicRecipe(String name, int layers) throws IOException {
        Path recipe = RECIPES.resolve(name + ".yml");
        Matcher names = NAME.matcher(Files.readString(recipe));
        TreeSet<String> models = new TreeSet<>();
        while (names.find()) {
            models.add(names.group(1));
        }
        float value = 1;
        for (String model : models) {
            standIn(model, layers, value++);
        }
        return recipe;
    }

    /** Each of the models fits alone. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "merge RECIPE OUT",
                "merge STAGES OUT",
                "moe MIXTURE OUT",
                "download org/one org/two",
                "soup org/one org/two OUT",
                "diff org/one org/two",
                "lora extract org/one org/two OUT --rank 2",
                "lora merge org/one org/two OUT"
            })
    void modelsThatDoNotFitTogetherAreRefusedBeforeTheFirst(String line) throws IOException {
        standIn("org/one", 2, 1);
        standIn("org/two", 2, 3);
        String linear =
                "merge_method: linear\nmodels:\n- {model: org/one, parameters: {weight: 1}}\n";
        Path recipe = folder.resolve("r.yml");
        Files.writeString(recipe, linear + "- {model: org/two, parameters: {weight: 1}}\n");
        Path stages = folder.resolve("s.yml");
        Files.writeString(
                stages,
                "name: first\n"
                        + linear
                        + "---\n"
                        + linear.replace("org/one", "org/two")
                        + "- {model: first, parameters: {weight: 1}}\n");
        Path mixture = folder.resolve("m.yml");
        Files.writeString(
                mixture,
                "base_model: org/one\ngate_mode: random\nexperts:\n"
                        + "- {source_model: org/one}\n- {source_model: org/two}\n");
        long free = Files.getFileStore(folder).getUsableSpace();
        hub.saying(free / 10 * 6);
        Path out = folder.resolve("out");
        Object[] words =
                Stream.of(line.split(" "))
                        .map(
                                word ->
                                        switch (word) {
                                            case "RECIPE" -> recipe;
                                            case "STAGES" -> stages;
                                            case "MIXTURE" -> mixture;
                                            case "OUT" -> out;
                                            default -> word;
                                        })
                        .toArray();

        Cli refused = Cli.in(environment(), words);

        assertThat(refused.exit()).as(refused.err()).isEqualTo(1);
        assertThat(refused.err())
                .containsOnlyOnce(" bytes free for 'org/")
                .contains(" together, got ", "free some space, or set HF_HOME");
        assertThat(hub.requests).noneMatch(request -> request.contains(".safetensors"));
        assertThat(out).doesNotExist();
    }

    /** Recipes of public model cards, as they stand there. */
    @ParameterizedTest
    @CsvSource({
        "slerp-of-two,32,99",
        "self-stack,32,168",
        "pruned,32,84",
        "dare-ties-of-three,42,129",
        "dare-ties-with-tokenizer,42,129"
    })
    void publicRecipesRunUnchanged(String name, int layers, int tensors) throws IOException {
        Path recipe = publicRecipe(name, layers);
        Path out = folder.resolve("out");

        Cli merged = Cli.in(environment(), "merge", recipe, out);

        assertThat(merged.exit()).as(merged.err()).isZero();
        try (SafetensorsFile file = SafetensorsFile.open(out.resolve("model.safetensors"))) {
            assertThat(file.tensors()).hasSize(tensors);
        }
        assertThat(out.resolve("tokenizer.json")).exists();
        hub.requests.clear();
        Path streamed = folder.resolve("streamed");
        Map<String, String> elsewhere = hub.environment(folder.resolve("other"));

        Cli stream = Cli.in(elsewhere, "merge", recipe, streamed, "--stream");

        assertThat(stream.exit()).as(stream.err()).isZero();
        assertThat(stream.out()).contains("streamed ");
        assertThat(streamed.resolve("model.safetensors"))
                .hasSameBinaryContentAs(out.resolve("model.safetensors"));
        assertThat(hub.requests).anyMatch(r -> r.contains("model.safetensors bytes="));
        assertThat(folder.resolve("other/hub")).isDirectoryRecursivelyContaining("glob:**.json");
    }

    @Test
    void plansAndDryRunsLookAtHeadersAlone() throws IOException {
        standIn("org/a", 4, 1);
        standIn("org/b", 4, 2);
        Path recipe =
                Models.recipe(
                        folder,
                        """
                        merge_method: linear
                        models:
                          - {model: org/a, parameters: {weight: 1}}
                          - {model: org/b, parameters: {weight: 1}}
                        """);
        for (Object[] command :
                List.of(
                        new Object[] {"inspect", "org/a"},
                        new Object[] {"plan", recipe},
                        new Object[] {"merge", recipe, folder.resolve("o"), "--dry-run"},
                        new Object[] {
                            "stack", "org/a:0-3", "org/b:1-3", folder.resolve("o"), "--dry-run"
                        },
                        new Object[] {
                            "upscale", "org/a", "--layers", "6", folder.resolve("o"), "--dry-run"
                        })) {
            Cli result = Cli.in(environment(), command);

            assertThat(result.exit()).as(result.err()).isZero();
            assertThat(result.out()).contains("to be downloaded: org/a, 4 files, ");
        }
        assertThat(folder.resolve("hf")).doesNotExist();
        assertThat(hub.requests)
                .filteredOn(r -> r.contains("model.safetensors"))
                .allMatch(r -> r.endsWith(" bytes=0-99999"));
    }

    @Test
    void aGgufModelIsReadOverTheNetwork() throws IOException {
        Path golden = Path.of("../merge-formats/src/test/resources/golden/gguf/models");
        Path model = Files.createDirectories(folder.resolve("gguf"));
        for (String name : List.of("gguf-q4_k_m/llama-q4_k_m.gguf", "gguf-llama/llama-f32.gguf")) {
            Files.copy(golden.resolve(name), model.resolve(Path.of(name).getFileName()));
        }
        hub.model("org/gguf", model);
        String text = "merge_method: passthrough\nmodels: [{model: %s}]\ndtype: float32\n";
        Path recipe = Models.recipe(folder, text.formatted("org/gguf:llama-q4_k_m.gguf"));
        Path out = folder.resolve("out");

        Cli plan = Cli.in(environment(), "plan", recipe);
        Cli merged = Cli.in(environment(), "merge", recipe, out, "--stream");
        Path local = Models.recipe(folder, text.formatted(model.resolve("llama-q4_k_m.gguf")));
        Cli same = Cli.in(environment(), "merge", local, folder.resolve("same"));

        assertThat(plan.out()).contains("to be downloaded: org/gguf:llama-q4_k_m.gguf, 1 file, ");
        assertThat(merged.exit()).as(merged.err()).isZero();
        assertThat(same.exit()).isZero();
        assertThat(out.resolve("model.safetensors"))
                .hasSameBinaryContentAs(folder.resolve("same/model.safetensors"));
        assertThat(hub.requests).noneMatch(r -> r.contains("llama-f32"));
        assertThat(Cli.in(environment(), "inspect", "org/gguf").errors())
                .singleElement()
                .asString()
                .contains("name one, as in 'org/gguf:llama-f32.gguf'");
    }

    @Test
    void programsNameModelsToo() throws IOException {
        standIn("org/a", 2, 1);
        HubOptions options =
                HubOptions.of(folder.resolve("cache"))
                        .endpoint(URI.create(String.valueOf(environment().get("HF_ENDPOINT"))));
        io.amalgam.Amalgam amalgam = io.amalgam.Amalgam.load().with(options.token("hf_secret"));

        try (var model = amalgam.models().open(ModelRef.of("org/a"))) {
            assertThat(model.tensors()).hasSize(9);
        }
        try (var model =
                io.amalgam.Amalgam.load()
                        .with(options.streaming(1L << 26))
                        .models()
                        .open(ModelRef.of("hf:org/a"))) {
            assertThat(model.tensors()).hasSize(9);
        }
        assertThat(options.token("hf_secret").toString()).doesNotContain("hf_secret");

        // The recipe's folder still counts.
        Path beside = Files.createDirectories(folder.resolve("beside"));
        Path recipe =
                Files.writeString(
                        beside.resolve("copy.yml"),
                        "merge_method: passthrough\nmodels: [{model: org/a}]\n");
        Merge.recipe(recipe).using(a -> a.with(options)).to(beside.resolve("local")).run();
        Files.writeString(
                recipe,
                "merge_method: linear\nmodels: [{model: local}, {model: org/a}]\n"
                        + "parameters: {weight: 1}\n");
        assertThat(
                        Merge.recipe(recipe)
                                .using(a -> a.with(options))
                                .to(beside.resolve("both"))
                                .run()
                                .result())
                .isPresent();
    }

    @Test
    void otherCommandsStreamToo() throws IOException {
        standIn("org/a", 4, 1);
        standIn("org/b", 4, 2);
        Path recipe =
                Models.recipe(
                        folder,
                        "merge_method: passthrough\nmodels: [{model: org/a}]\ndtype: bfloat16\n");
        List<Object[]> commands =
                List.of(
                        new Object[] {"soup", "org/a", "org/b", folder.resolve("o1"), "--stream"},
                        new Object[] {
                            "average",
                            "org/a",
                            "org/b",
                            folder.resolve("o2"),
                            "--last",
                            "2",
                            "--stream"
                        },
                        new Object[] {"batch", recipe, folder.resolve("o3"), "--stream"},
                        new Object[] {
                            "stack", "org/a:0-3", "org/b:1-3", folder.resolve("o4"), "--stream"
                        });
        for (Object[] command : commands) {
            Cli result = Cli.in(environment(), command);

            assertThat(result.exit()).as(result.err()).isZero();
            assertThat(result.out() + result.err()).contains("streamed ");
        }
        assertThat(folder.resolve("hf/hub/models--org--a/blobs")).doesNotExist();
    }

    @Test
    void aPlanSaysWhatIsStreamed() throws IOException {
        standIn("org/a", 4, 1);
        Path recipe =
                Models.recipe(folder, "merge_method: passthrough\nmodels: [{model: org/a}]\n");

        Cli lines = Cli.in(environment(), "plan", recipe, "--stream");
        Cli json = Cli.in(environment(), "plan", recipe, "--stream", "--json");

        assertThat(lines.out())
                .contains("to be streamed: org/a, 4 files, ")
                .contains("stream buffer: 4.29 GB; it holds the inputs of every tensor");
        assertThat(json.json().path("streams").path(0).path("model").asText()).isEqualTo("org/a");
        assertThat(json.json().path("stream_buffer").asLong()).isEqualTo(4L << 30);
    }

    /** Commands that need files download them, and call models what the user does. */
    @Test
    void adaptersAreExtractedAndSoupsChosenByName() throws IOException {
        standIn("org/a", 2, 1);
        standIn("org/b", 2, 2);
        Path adapter = folder.resolve("adapter");

        Cli extracted =
                Cli.in(
                        environment(),
                        "lora",
                        "extract",
                        "org/b@main",
                        "org/a",
                        adapter,
                        "--rank",
                        1);

        assertThat(extracted.exit()).as(extracted.err()).isZero();
        assertThat(adapter.resolve("adapter_model.safetensors")).exists();
        Path scores = Files.writeString(folder.resolve("scores.json"), "{\"org/a\": 0.5}");
        Path soup = folder.resolve("soup");

        Cli chosen =
                Cli.in(
                        environment(),
                        "soup",
                        "org/a",
                        soup,
                        "--greedy",
                        "--scores",
                        scores,
                        "--score-cmd",
                        "true");

        assertThat(chosen.exit()).as(chosen.err()).isZero();
        assertThat(chosen.err()).contains("score 0.5  alone: org/a").doesNotContain("warning");
        assertThat(soup.resolve("amalgam-recipe.yml")).content().contains("org/a");
    }
}
