package io.amalgam.golden;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.endtoend.Merges;
import io.amalgam.endtoend.Options;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.internal.recipe.yaml.RecipeReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every recipe of {@code golden/tokenizer}, from its text to files, against what mergekit wrote for
 * it: the same tokens, token by token the same rows, and the same reading of texts.
 */
class GoldenTokenizerTest {
    private static final Path FOLDER = Golden.folder().resolveSibling("tokenizer");

    private static final List<String> BY_TOKEN =
            List.of("model.embed_tokens.weight", "lm_head.weight");

    private static final List<String> TEXTS =
            List.of(
                    "the sum of two models is more than their parts",
                    "les modèles fusionnés sont plus que la somme",
                    "<|user|> the merge <|end|><|assistant|>us thus </s>",
                    "somme plus plus us Ġplus",
                    "<s><|assistant|><|end|>");

    private static final Map<String, Double> DEVIATIONS = new TreeMap<>();

    static List<String> recipes() throws IOException {
        try (Stream<Path> files = Files.list(FOLDER.resolve("recipes"))) {
            return files.map(file -> file.getFileName().toString().replace(".yml", ""))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void allAreHere() throws IOException {
        assertThat(recipes()).hasSize(8);
    }

    @ParameterizedTest
    @MethodSource("recipes")
    void agrees(String name, @TempDir Path temp) throws IOException {
        Path out = temp.resolve("out");
        Path recipe = FOLDER.resolve("recipes").resolve(name + ".yml");
        Merges.run(RecipeReader.read(recipe), FOLDER, out, Options.DEFAULT.build());
        Path expected = FOLDER.resolve("expected").resolve(name);

        Path ours = out.resolve("tokenizer.json");
        Path theirs = expected.resolve("tokenizer.json");
        Map<String, Integer> ids = Tokens.ids(ours);
        assertThat(ids.keySet()).containsExactlyInAnyOrderElementsOf(Tokens.ids(theirs).keySet());
        assertThat(Tokens.added(ours)).containsExactlyInAnyOrderEntriesOf(Tokens.added(theirs));
        assertSameTexts(ours, theirs, ids);

        double deviation = deviation(out, expected, ids, Tokens.ids(theirs));
        DEVIATIONS.put(name, deviation);
        assertThat(deviation).isLessThanOrEqualTo(1e-6);

        JsonNode config = json(out.resolve("config.json"));
        assertThat(config.path("vocab_size"))
                .isEqualTo(json(expected.resolve("config.json")).path("vocab_size"));
        assertThat(config.path("vocab_size").asInt()).isGreaterThanOrEqualTo(ids.size());
        assertTemplate(out, expected, name);
    }

    private static void assertSameTexts(Path ours, Path theirs, Map<String, Integer> ids)
            throws IOException {
        try (HuggingFace a = new HuggingFace(ours);
                HuggingFace b = new HuggingFace(theirs)) {
            for (String text : TEXTS) {
                List<String> tokens = a.tokens(text);
                assertThat(tokens).isEqualTo(b.tokens(text));
                assertThat(a.ids(text)).isEqualTo(tokens.stream().map(ids::get).toList());
            }
            for (String token : Tokens.added(ours).keySet()) {
                assertThat(a.ids(token)).containsExactly(ids.get(token));
            }
        }
    }

    /** Largest difference over the largest magnitude of its tensor. */
    private static double deviation(
            Path ours, Path theirs, Map<String, Integer> ids, Map<String, Integer> theirIds)
            throws IOException {
        double worst = 0;
        try (SafetensorsFile a = SafetensorsFile.open(ours.resolve("model.safetensors"));
                SafetensorsFile b = SafetensorsFile.open(theirs.resolve("model.safetensors"))) {
            assertThat(a.tensors().keySet())
                    .containsExactlyInAnyOrderElementsOf(b.tensors().keySet());
            for (String tensor : b.tensors().keySet()) {
                float[] x = a.floats(tensor);
                float[] y = b.floats(tensor);
                assertThat(a.tensors().get(tensor).info())
                        .isEqualTo(b.tensors().get(tensor).info());
                double largest = 0;
                for (float value : y) {
                    largest = Math.max(largest, Math.abs(value));
                }
                boolean byToken = BY_TOKEN.contains(tensor);
                int width = byToken ? (int) b.tensors().get(tensor).info().shape().dim(1) : 1;
                for (int row = 0; row < y.length / width; row++) {
                    int other = row;
                    if (byToken && row < theirIds.size()) {
                        other = ids.get(token(theirIds, row));
                    }
                    for (int i = 0; i < width; i++) {
                        double distance =
                                Math.abs((double) x[other * width + i] - y[row * width + i]);
                        assertThat(distance).isNotNaN();
                        worst = Math.max(worst, distance / largest);
                    }
                }
            }
        }
        return worst;
    }

    private static String token(Map<String, Integer> ids, int id) {
        return ids.entrySet().stream()
                .filter(e -> e.getValue() == id)
                .findFirst()
                .orElseThrow()
                .getKey();
    }

    /**
     * Ours of a name is written by ourselves: what it makes of a conversation, another test sees.
     */
    private static void assertTemplate(Path ours, Path theirs, String name) throws IOException {
        Path file = theirs.resolve("chat_template.jinja");
        if (name.equals("chatml")) {
            assertThat(ours.resolve("chat_template.jinja")).exists();
        } else if (Files.exists(file)) {
            assertThat(ours.resolve("chat_template.jinja")).hasContent(Files.readString(file));
        } else {
            assertThat(ours.resolve("chat_template.jinja")).doesNotExist();
        }
    }

    private static JsonNode json(Path file) throws IOException {
        return new ObjectMapper().readTree(file.toFile());
    }

    /** The figures, for whoever wants to quote them. */
    @AfterAll
    static void writeTable() throws IOException {
        List<String> lines = new ArrayList<>();
        lines.add("| recipe | largest difference / largest magnitude |");
        lines.add("|---|---|");
        DEVIATIONS.forEach(
                (name, d) -> lines.add(String.format(Locale.ROOT, "| %s | %.2g |", name, d)));
        Files.write(
                Files.createDirectories(Path.of("target")).resolve("golden-tokenizer.md"), lines);
    }
}
