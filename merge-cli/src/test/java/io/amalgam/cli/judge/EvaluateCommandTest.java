package io.amalgam.cli.judge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.cli.Cli;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class EvaluateCommandTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path MODELS = Path.of("../merge-core/src/test/resources/forward");
    private static final Path BYTES = Path.of("../samples");
    private static final int VOCABULARY = 32;

    @TempDir Path folder;

    static Stream<JsonNode> cases() throws IOException {
        List<JsonNode> cases = new ArrayList<>();
        losses().path("cases").forEach(cases::add);
        assertThat(cases).hasSizeGreaterThan(10);
        return cases.stream();
    }

    private static JsonNode losses() throws IOException {
        try (InputStream losses =
                EvaluateCommandTest.class.getResourceAsStream("/forward/losses.json")) {
            return JSON.readTree(Objects.requireNonNull(losses));
        }
    }

    /** Made by {@code tools/forward-goldens.py}. */
    @ParameterizedTest
    @MethodSource("cases")
    void lossesAreThoseOfTransformers(JsonNode given) throws IOException {
        Path model = model(given.path("model").asText(), (ObjectNode) given.path("changes"));
        Path tokens = tokens(losses().path("given").asInt());

        JsonNode text =
                Cli.run(
                                "evaluate",
                                model,
                                "--json",
                                "--context",
                                given.path("context").asInt(),
                                "--text",
                                tokens)
                        .json()
                        .at("/texts/0");

        assertThat(text.path("tokens")).isEqualTo(given.path("tokens"));
        double expected = given.path("loss").asDouble();
        assertThat(text.path("loss").asDouble()).isCloseTo(expected, within(expected * 1e-6));
        assertThat(text.path("perplexity").asDouble())
                .isCloseTo(Math.exp(expected), within(Math.exp(expected) * 1e-5));
    }

    private Path model(String name, ObjectNode changes) throws IOException {
        Path model = Files.createTempDirectory(folder, "model");
        Files.copy(
                MODELS.resolve(name).resolve("model.safetensors"),
                model.resolve("model.safetensors"));
        ObjectNode config =
                (ObjectNode) JSON.readTree(MODELS.resolve(name).resolve("config.json").toFile());
        config.setAll(changes);
        JSON.writeValue(model.resolve("config.json").toFile(), config);
        return model;
    }

    private Path tokens(int count) throws IOException {
        return Numbers.write(folder.resolve("tokens.npy"), Numbers.tokens(count, VOCABULARY));
    }

    /** Trained models, and their tokenizer: the texts of the samples. */
    @Test
    void textsAreTokenisedAndJudgedAsByTransformers() throws IOException {
        System.setProperty("DJL_CACHE_DIR", Path.of("target", "djl").toAbsolutePath().toString());
        for (String name : List.of("base", "java", "prose", "sums")) {
            List<Object> words =
                    new ArrayList<>(
                            List.of("evaluate", BYTES.resolve("models/bytes").resolve(name)));
            words.addAll(List.of("--json", "--text"));
            List<String> domains = List.of("java", "prose", "sums");
            domains.forEach(
                    d -> words.add(d + "=" + BYTES.resolve("data/bytes").resolve(d + ".txt")));
            JsonNode json = Cli.run(words.toArray()).json();
            for (JsonNode expected : losses().path("trained")) {
                if (expected.path("model").asText().equals(name)) {
                    JsonNode row =
                            json.path("texts").get(domains.indexOf(expected.path("text").asText()));
                    assertThat(row.path("tokens")).isEqualTo(expected.path("tokens"));
                    double loss = expected.path("loss").asDouble();
                    assertThat(row.path("loss").asDouble()).isCloseTo(loss, within(loss * 1e-6));
                }
            }
        }
    }

    /** A base with an adapter, GGUF, quantised weights: each nearly as good as the model itself. */
    @Test
    void whateverIsReadCanBeJudged() throws IOException {
        System.setProperty("DJL_CACHE_DIR", Path.of("target", "djl").toAbsolutePath().toString());
        Path java = BYTES.resolve("models/bytes/java");
        Path base = BYTES.resolve("models/bytes/base");
        Path adapter = folder.resolve("adapter");
        Path gguf = folder.resolve("java.gguf");
        Path quantised = folder.resolve("int8");
        assertThat(Cli.run("lora", "extract", java, base, adapter, "--rank", 48).exit()).isZero();
        assertThat(Cli.run("convert", java, gguf, "--type", "f32", "--pre", "gpt-2").exit())
                .isZero();
        assertThat(Cli.run("convert", java, quantised, "--type", "int8").exit()).isZero();

        double loss = loss(java);
        assertThat(loss(base + "+" + adapter)).isCloseTo(loss, within(1e-4));
        assertThat(loss(gguf)).isCloseTo(loss, within(1e-6));
        assertThat(loss(quantised)).isCloseTo(loss, within(1e-3)).isNotEqualTo(loss);
        assertThat(loss(base)).isGreaterThan(loss + 0.1);
    }

    private static double loss(Object model, Object... options) throws IOException {
        List<Object> words = new ArrayList<>(List.of("evaluate", model, "--json"));
        words.addAll(List.of(options));
        words.addAll(List.of("--text", BYTES.resolve("data/bytes/java.txt")));
        return Cli.run(words.toArray()).json().at("/texts/0/loss").asDouble();
    }

    /** Neither how many windows go through at a time nor the number of workers shows. */
    @Test
    void resultsDependOnNothingElse() throws IOException {
        Path tokens = tokens(700);
        Path other = Numbers.write(folder.resolve("b.npy"), Numbers.tokens(90, 30));
        List<String> seen = new ArrayList<>();
        for (String options : List.of("-j 1", "-j 3", "-j 2 --memory 10M")) {
            List<Object> words =
                    new ArrayList<>(List.of("evaluate", MODELS.resolve("qwen3"), "--json"));
            words.addAll(List.of(options.split(" ")));
            words.addAll(List.of("--context", 50, "--text", "a=" + tokens, "b=" + other));
            JsonNode json = Cli.run(words.toArray()).json();
            seen.add(json.path("texts").toString());
        }
        assertThat(seen.get(1)).isEqualTo(seen.get(0)).contains("\"name\":\"b\"");
        assertThat(seen.get(2)).isEqualTo(seen.get(0));
    }

    /** Of element-wise methods and others, what would be written is what is judged. */
    @Test
    void aRecipeIsJudgedByWhatItWouldWrite() throws IOException {
        Path llama = MODELS.resolve("llama3").toAbsolutePath();
        Path other = folder.resolve("other");
        Files.writeString(
                folder.resolve("scaled.yml"),
                "merge_method: passthrough\nslices: [{sources: [{model: '%s', layer_range: [0, 3], parameters: {scale: [{filter: mlp, value: 1.2}, {value: 1}]}}]}]\n"
                        .formatted(llama));
        assertThat(Cli.run("merge", folder.resolve("scaled.yml"), other).exit()).isZero();
        Path tokens = tokens(200);
        for (String method :
                List.of(
                        "linear\ndtype: bfloat16\nmodels: [{model: '%s', parameters: {weight: 1}}, {model: '%s', parameters: {weight: 1}}]",
                        "ties\nbase_model: '%s'\nmodels: [{model: '%s', parameters: {weight: 0.7, density: 0.4}}]")) {
            Path recipe = folder.resolve("recipe.yml");
            Path merged = folder.resolve("merged");
            Files.writeString(recipe, "merge_method: " + method.formatted(llama, other) + "\n");
            assertThat(Cli.run("merge", recipe, merged, "--overwrite").exit()).isZero();

            JsonNode written =
                    Cli.run("evaluate", merged, "--json", "--text", tokens, "--context", 64).json();
            JsonNode planned =
                    Cli.run("evaluate", recipe, "--json", "--text", tokens, "--context", 64).json();

            assertThat(planned.path("texts")).isEqualTo(written.path("texts"));
        }
    }

    /** A stage that is computed while it is read, and a tokenizer that is made. */
    @Test
    void stagesAndMadeTokenizersAreJudged() throws IOException {
        System.setProperty("DJL_CACHE_DIR", Path.of("target", "djl").toAbsolutePath().toString());
        Path models = BYTES.resolve("models/bytes").toAbsolutePath();
        Path recipe = folder.resolve("stages.yml");
        Files.writeString(
                recipe,
                """
                name: first
                merge_method: linear
                models:
                  - {model: '%1$s/java', parameters: {weight: 1}}
                  - {model: '%1$s/prose', parameters: {weight: 1}}
                ---
                merge_method: ties
                base_model: '%1$s/base'
                models: [{model: first, parameters: {weight: 0.5, density: 0.5}}]
                tokenizer: {source: base}
                dtype: float32
                """
                        .formatted(models));
        Path merged = folder.resolve("merged");
        assertThat(Cli.run("merge", recipe, merged).exit()).isZero();

        assertThat(loss(recipe)).isEqualTo(loss(merged));
        assertThat(Cli.run("check", recipe, "-j", 3).out())
                .contains("256 tokens, 256 rows")
                .contains("read, all finite");
    }

    @Test
    void printsARowForEachText() throws IOException {
        Cli result =
                Cli.run("evaluate", MODELS.resolve("qwen2"), "--limit", 100, "--text", tokens(700));

        assertThat(result.exit()).isZero();
        assertThat(result.out())
                .containsPattern("(?m)^text +tokens +loss +perplexity$")
                .containsPattern("(?m)tokens\\.npy +98 +4\\.\\d{4} +\\d+\\.\\d{3}$");
    }

    /** A head that neither the file nor the configuration has would be random elsewhere. */
    @Test
    void refusesWhatCannotBeRun() throws IOException {
        Path tokens = tokens(20);
        Path gpt = model("llama3", JSON.createObjectNode().put("model_type", "gpt2"));
        assertThat(Cli.run("evaluate", gpt, "--text", tokens).err())
                .contains("expected one of llama, mistral, qwen2, qwen3, got 'gpt2'");
        assertThat(
                        Cli.run(
                                        "evaluate",
                                        MODELS.resolve("llama3"),
                                        "--text",
                                        Numbers.write(folder.resolve("far.npy"), 1, 2, 32))
                                .err())
                .contains("expected numbers from 0 to 31");
        Cli little =
                Cli.run("evaluate", MODELS.resolve("llama3"), "--text", tokens, "--memory", "1M");
        assertThat(little.exit()).isEqualTo(3);
        assertThat(little.err()).contains("memory for a window of 20 tokens: expected at least");
    }
}
