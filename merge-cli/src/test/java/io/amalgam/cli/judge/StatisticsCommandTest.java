package io.amalgam.cli.judge;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.cli.Cli;
import io.amalgam.formats.safetensors.SafetensorsFile;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class StatisticsCommandTest {
    private static final Path MODEL = Path.of("../merge-core/src/test/resources/forward/llama3");
    private static final Path BYTES = Path.of("../samples");
    private static final List<String> EXPERTS = List.of("java", "prose", "sums");
    private static final int TOKENS = 700;
    private static final int VOCABULARY = 32;

    @TempDir Path folder;

    private Path measured(String name, Object... options) throws IOException {
        return run(MODEL, name, Numbers.tokens(TOKENS, VOCABULARY), 64, options);
    }

    private Path run(Path model, String name, int[] tokens, int context, Object... options)
            throws IOException {
        Path text = Numbers.write(folder.resolve("t.npy"), tokens);
        Path out = folder.resolve(name + ".safetensors");
        List<Object> words =
                new ArrayList<>(List.of("statistics", model, text, out, "--context", context));
        words.addAll(List.of(options));
        Cli result = Cli.run(words.toArray());
        assertThat(result.exit()).as(result.err()).isZero();
        assertThat(result.out()).contains(" over ").contains(tokens.length + " tokens");
        return out;
    }

    private static Path resource(String name) throws URISyntaxException {
        return Path.of(
                Objects.requireNonNull(StatisticsCommandTest.class.getResource(name)).toURI());
    }

    /** Each tensor, by its largest element. */
    private static void requireClose(SafetensorsFile expected, SafetensorsFile ours, double most)
            throws IOException {
        for (String name : expected.tensors().keySet()) {
            float[] theirs = expected.floats(name);
            float[] found = ours.floats(name);
            double largest = 0;
            double furthest = 0;
            for (int i = 0; i < theirs.length; i++) {
                largest = Math.max(largest, Math.abs(theirs[i]));
                furthest = Math.max(furthest, Math.abs(theirs[i] - found[i]));
            }
            assertThat(furthest / largest).as(name).isLessThan(most);
        }
    }

    /** Against the inputs that transformers' layers get: {@code tools/forward-goldens.py}. */
    @Test
    void gramMatricesAreThoseOfTransformers() throws Exception {
        try (SafetensorsFile expected =
                        SafetensorsFile.open(resource("/forward/grams.safetensors"));
                SafetensorsFile ours = SafetensorsFile.open(measured("grams"))) {
            assertThat(ours.tensors().keySet())
                    .containsExactlyInAnyOrderElementsOf(expected.tensors().keySet());
            requireClose(expected, ours, 2e-6);
            JsonNode alias = new ObjectMapper().readTree(ours.metadata().get("alias"));
            assertThat(alias.path("model.layers.2.self_attn.v_proj.weight.input_gram").asText())
                    .isEqualTo("model.layers.2.self_attn.q_proj.weight.input_gram");
            assertThat(ours.metadata())
                    .containsEntry("amalgam_statistics", "1")
                    .containsEntry("examples", "700");
        }
    }

    /** Of float64 gradients by PyTorch: {@code tools/fisher-goldens.py}. */
    @ParameterizedTest
    @ValueSource(strings = {"llama3", "mistral", "qwen2", "qwen3"})
    void fisherIsThatOfAutograd(String kind) throws Exception {
        int[] tokens = Numbers.tokens(150, VOCABULARY);
        Path found = run(MODEL.resolveSibling(kind), kind, tokens, 64, "--fisher");
        try (SafetensorsFile expected =
                        SafetensorsFile.open(resource("/forward/fisher-" + kind + ".safetensors"));
                SafetensorsFile ours = SafetensorsFile.open(found)) {
            assertThat(ours.tensors().keySet()).isEqualTo(expected.tensors().keySet());
            requireClose(expected, ours, 1e-4);
            assertThat(ours.metadata())
                    .containsEntry("examples", "3")
                    .containsEntry("labels", "true");
        }
    }

    /** A head that is the embedding gets the gradients of both, summed before they are squared. */
    @Test
    void fisherOfTrainedModelWithTiedHead() throws Exception {
        Path found =
                run(BYTES.resolve("models/bytes/java"), "java", bytes("java"), 128, "--fisher");
        try (SafetensorsFile expected =
                        SafetensorsFile.open(resource("/forward/fisher-bytes-java.safetensors"));
                SafetensorsFile ours = SafetensorsFile.open(found)) {
            requireClose(expected, ours, 1e-4);
            assertThat(ours.tensors().keySet()).hasSize(20);
        }
    }

    /** The tokens of these models are bytes. */
    private static int[] bytes(String text) throws IOException {
        byte[] all = Files.readAllBytes(BYTES.resolve("data/bytes/" + text + ".txt"));
        int[] tokens = new int[400];
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = all[i];
        }
        return tokens;
    }

    /** Judged on other parts of the texts; docs/statistics.md has the whole of it. */
    @Test
    void mergesByFisherAreBetterThanTheAverage() throws IOException {
        StringBuilder models = new StringBuilder("models:\n");
        for (String expert : EXPERTS) {
            Path model = BYTES.resolve("models/bytes/" + expert).toAbsolutePath();
            Path file = run(model, expert, bytes(expert), 128, "--fisher");
            models.append("  - model: ").append(model).append('\n');
            models.append("    statistics: ").append(file).append('\n');
        }
        Path fisher = folder.resolve("fisher.yml");
        Files.writeString(fisher, "merge_method: fisher\n" + models);
        Path average = folder.resolve("average.yml");
        Files.writeString(
                average,
                "merge_method: linear\nparameters: {weight: 1}\n"
                        + models.toString().replaceAll(" +statistics.*\n", ""));
        assertThat(loss(fisher)).isLessThan(loss(average) - 0.05);
    }

    /** The mean loss of the merged model on the texts. */
    private double loss(Path recipe) throws IOException {
        Path merged = recipe.resolveSibling(recipe.getFileName() + ".out");
        assertThat(Cli.run("merge", recipe, merged).exit()).isZero();
        List<Object> words = new ArrayList<>(List.of("evaluate", merged, "--json", "--text"));
        for (String text : EXPERTS) {
            byte[] all = Files.readAllBytes(BYTES.resolve("data/bytes/" + text + ".txt"));
            int[] tokens = new int[800];
            for (int i = 0; i < tokens.length; i++) {
                tokens[i] = all[3000 + i];
            }
            words.add(Numbers.write(folder.resolve(text + ".npy"), tokens));
        }
        JsonNode texts = Cli.run(words.toArray()).json().path("texts");
        double sum = 0;
        for (JsonNode text : texts) {
            sum += text.path("loss").asDouble();
        }
        return sum / texts.size();
    }

    /** Neither threads nor how many windows fit the memory change a bit. */
    @ParameterizedTest
    @CsvSource({"grams, 3400K", "fisher, 6900K"})
    void bytesDependOnNothingElse(String what, String little) throws IOException {
        Object[] kind = what.equals("fisher") ? new Object[] {"--fisher"} : new Object[0];
        Path expected = measured("one", with(kind, "-j", 1));
        assertThat(measured("three", with(kind, "-j", 3))).hasSameBinaryContentAs(expected);
        assertThat(measured("little", with(kind, "-j", 1, "--memory", little)))
                .hasSameBinaryContentAs(expected);
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left.map(Path::getFileName).map(Path::toString))
                    .noneMatch(name -> name.startsWith("."));
        }
    }

    private static Object[] with(Object[] some, Object... more) {
        return Stream.concat(Stream.of(some), Stream.of(more)).toArray();
    }
}
