package io.amalgam.cli.merge;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.cli.Cli;
import io.amalgam.cli.Models;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PlanCommandTest {
    @TempDir Path folder;

    @Test
    void showsWhatWouldBeReadWrittenAndHeld() throws IOException {
        Cli result = Cli.run("plan", Models.averageRecipe(folder), "-j", "2", "--memory", "16M");

        assertThat(result.exit()).isZero();
        assertThat(result.err()).isEmpty();
        assertThat(result.out())
                .containsPattern("(?m)^method +linear$")
                .containsPattern("(?m)^model +a  \\(4 tensors\\)$")
                .containsPattern("(?m)^reads +454 B from 2 models$")
                .containsPattern(
                        "(?m)^writes +\\d+ B in 1 file: 4 tensors, 56 parameters, float32 \\+ u8$")
                .containsPattern("(?m)^holds +.* in buffers: 2 threads, blocks of 16384 elements$")
                .containsPattern("(?m)^layers +2 in model\\.layers\\.\\*$")
                .containsPattern("(?m)^plan +[0-9a-f]{12}$");
    }

    @Test
    void announcesPassesOverTheWholeModel() throws IOException {
        Path recipe = Models.averageRecipe(folder);
        Models.recipe(
                folder,
                """
                merge_method: pcb
                base_model: a
                models: [{model: b}]
                """);

        assertThat(Cli.run("plan", recipe).out())
                .containsPattern(
                        "(?m)^first +up to 4 passes over the whole model, each reading [\\d.]+ k?B, 1\\.05 MB held by each thread; with --part, every part does the same unless --pass divides them$");
        assertThat(Cli.run("plan", recipe, "--json").json().path("survey_passes").asInt())
                .isEqualTo(4);
    }

    @Test
    void memoryAndThreadsDecideWhatIsHeld() throws IOException {
        Path recipe = Models.averageRecipe(folder);
        JsonNode small = Cli.run("plan", recipe, "--json", "-j", "2", "--memory", "1M").json();
        JsonNode large = Cli.run("plan", recipe, "--json", "-j", "2", "--memory", "64M").json();

        assertThat(small.path("bytes_held").asLong())
                .isPositive()
                .isLessThanOrEqualTo(1_000_000)
                .isLessThan(large.path("bytes_held").asLong());
        assertThat(small.path("plan_hash")).isEqualTo(large.path("plan_hash"));
        assertThat(Cli.run("plan", recipe, "--memory", "5").out())
                .containsPattern("(?m)^holds +more than the 5 B of --memory$");
    }

    /** Each thread holds a matrix, as far as all fit the memory. */
    @Test
    void severalMatricesAtOnceAreHeldTogether() throws IOException {
        for (String model : List.of("base", "tuned")) {
            Models.write(
                    folder.resolve(model),
                    List.of(
                            Models.filled("a.weight", 1, 200, 180),
                            Models.filled("b.weight", 1, 200, 180),
                            Models.filled("c.weight", 1, 180, 170)),
                    "{}");
        }
        Path recipe =
                Models.recipe(
                        folder,
                        """
                        merge_method: iso_c
                        base_model: base
                        models: [{model: tuned}]
                        """);
        long one = held(recipe, 1, 1_000_000_000);
        long two = held(recipe, 2, 1_000_000_000);
        assertThat(two).isGreaterThan(one * 19 / 10).isLessThan(one * 21 / 10);
        // There is no room for a second one.
        assertThat(held(recipe, 2, one * 3 / 2)).isLessThan(one * 11 / 10);
        assertThat(held(recipe, 3, 1_000_000_000)).isBetween(two, one * 3);
    }

    private static long held(Path recipe, int threads, long memory) throws IOException {
        return Cli.run("plan", recipe, "--json", "-j", threads, "--memory", memory)
                .json()
                .path("bytes_held")
                .asLong();
    }

    @Test
    void whatDiffersBetweenTensorsIsShownOfEach() throws IOException {
        Path recipe = Models.averageRecipe(folder);
        Files.writeString(
                recipe,
                """
                merge_method: linear
                models:
                  - {model: a, parameters: {weight: [0, 1]}}
                  - {model: b, parameters: {weight: 1}}
                parameters: {normalize: false}
                """);

        assertThat(Cli.run("plan", recipe, "--tensors").out())
                .containsPattern("(?m)^all tensors by linear: normalize=false$")
                .containsPattern(
                        "(?m)^model\\.layers\\.0\\.up\\.weight +.* linear +weight=0\\.0, 1\\.0$")
                .containsPattern(
                        "(?m)^model\\.layers\\.1\\.up\\.weight +.* linear +weight=1\\.0, 1\\.0$");
    }

    @Test
    void listsTensorsWithTheirParameters() throws IOException {
        Path recipe = Models.averageRecipe(folder);

        Cli result = Cli.run("plan", recipe, "--tensors");
        assertThat(result.out())
                // Once for all, and nothing of what has its default.
                .containsPattern("(?m)^all tensors by linear: weight=1\\.0, 1\\.0$")
                .doesNotContain("normalize")
                .containsPattern("(?m)^model\\.layers\\.0\\.up\\.weight +F32 +\\[4, 4\\] +linear$")
                .containsPattern("(?m)^model\\.table +U8 +\\[3\\] +copy");

        JsonNode json = Cli.run("plan", recipe, "--tensors", "--json").json();
        assertThat(json.path("tensor_list")).hasSize(json.path("tensors").asInt());
        JsonNode layer = null;
        for (JsonNode tensor : json.path("tensor_list")) {
            layer =
                    tensor.path("name").asText().equals("model.layers.1.up.weight")
                            ? tensor
                            : layer;
        }
        assertThat(layer).isNotNull();
        assertThat(layer.path("method").asText()).isEqualTo("linear");
        assertThat(layer.path("position").asDouble()).isEqualTo(1);
        assertThat(layer.at("/inputs/1/from").asText()).isEqualTo("b:model.layers.1.up.weight");
        assertThat(layer.at("/inputs/1/parameters/weight").asDouble()).isEqualTo(1);
        assertThat(layer.at("/parameters/normalize").isBoolean()).isTrue();
    }

    @Test
    void aMergedVocabularyIsAnnounced() throws IOException {
        Path recipe = Models.averageRecipe(folder);
        for (String model : new String[] {"a", "b"}) {
            Files.writeString(
                    folder.resolve(model).resolve("tokenizer.json"),
                    "{\"model\": {\"vocab\": {\"x\": 0, \"" + model + "\": 1}}}");
        }
        Files.writeString(
                recipe, "tokenizer: {pad_to_multiple_of: 8}\n", StandardOpenOption.APPEND);

        assertThat(Cli.run("plan", recipe).out().lines().filter(l -> l.startsWith("tokens")))
                .singleElement()
                .asString()
                .matches(
                        "tokens +3 in 8 rows: those of a and 1 more; 2 tensors read by token, holding \\d+ B");
        JsonNode json = Cli.run("plan", recipe, "--json").json();
        assertThat(json.at("/vocabulary/tokenizer_of").asText()).isEqualTo("a");
        assertThat(json.at("/vocabulary/rows").asInt()).isEqualTo(8);
        assertThat(json.at("/vocabulary/appended").asInt()).isEqualTo(1);
    }

    @Test
    void theSeedIsPartOfRandomMethodsPlans() throws IOException {
        Path recipe = Models.averageRecipe(folder);
        Models.recipe(
                folder,
                """
                merge_method: dare_linear
                base_model: a
                models:
                  - {model: b, parameters: {weight: 1, density: 0.5}}
                dtype: float32
                """);

        String zero = Cli.run("plan", recipe, "--json").json().path("plan_hash").asText();
        String one =
                Cli.run("plan", recipe, "--json", "--random-seed", "1")
                        .json()
                        .path("plan_hash")
                        .asText();
        assertThat(zero).hasSize(64).isNotEqualTo(one);
    }

    @Test
    void theJsonAgreesWithTheModels() throws IOException {
        Path recipe = Models.averageRecipe(folder);
        JsonNode json = Cli.run("plan", recipe, "--json").json();

        long bytes = 0;
        for (String model : new String[] {"a", "b"}) {
            try (Checkpoint checkpoint = ModelLoader.load().open(folder.resolve(model), model)) {
                bytes +=
                        checkpoint.tensors().values().stream()
                                .mapToLong(TensorSource::storedBytes)
                                .sum();
            }
        }
        assertThat(json.path("bytes_read").asLong()).isEqualTo(bytes);
        assertThat(json.at("/models/0/model").asText()).isEqualTo("a");
        assertThat(json.at("/layers/0/prefix").asText()).isEqualTo("model.layers.");
        assertThat(json.at("/layers/0/count").asInt()).isEqualTo(2);
        assertThat(json.at("/dtypes/float32").asInt()).isEqualTo(3);
    }

    @Test
    void jsonHasTheWarningsBesideTheProblems() throws IOException {
        Path recipe =
                Models.recipe(
                        folder,
                        """
                        merge_method: linear
                        models: [{model: gone, parameters: {weight: 1, xyzzy: 1}}]
                        """);

        JsonNode json = Cli.run("plan", recipe, "--json").json();

        assertThat(json.at("/error/problems")).hasSize(1);
        assertThat(json.at("/warnings/0/what").asText())
                .isEqualTo("'xyzzy' is not a parameter of 'linear'");
    }
}
