package io.amalgam.samples;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.Checkpoints;
import io.amalgam.OpenModel;
import io.amalgam.internal.recipe.yaml.ReadOptions;
import io.amalgam.internal.recipe.yaml.RecipeReader;
import io.amalgam.recipe.OutputSlice;
import io.amalgam.recipe.OutputSlice.LayerSource;
import io.amalgam.recipe.ParameterValue.Gradient;
import io.amalgam.recipe.Parameters;
import io.amalgam.recipe.Recipe;
import io.amalgam.recipe.RecipeFile;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The recipes that the documentation points at. */
class RecipeFilesTest {
    private static final Path RECIPES = Digits.HOME.resolve("recipes");

    @TempDir Path out;

    static List<Path> all() throws IOException {
        try (Stream<Path> files = Files.list(RECIPES)) {
            return files.filter(file -> file.toString().endsWith(".yml")).sorted().toList();
        }
    }

    @Test
    void thereAreRecipesForTheDigitsAndForLanguageModels() throws IOException {
        assertThat(all()).hasSize(12);
    }

    @ParameterizedTest
    @MethodSource("all")
    void everyRecipeIsReadWithoutAWarning(Path file) throws IOException {
        for (RecipeFile.Document document :
                RecipeReader.readAll(file, new ReadOptions(true)).documents()) {
            assertThat(document.recipe().warnings()).isEmpty();
        }
    }

    /** The counts behind the accuracies that the README's table shows. */
    @ParameterizedTest
    @CsvSource({
        "digits-ties, 362, 398, 392, 420",
        "digits-linear, 331, 411, 386, 412",
        "digits-task-arithmetic, 364, 400, 393, 421",
        "digits-slerp, 307, 375, 403, 420",
        "digits-dare-ties, 356, 405, 391, 415",
        "digits-soup, 429, 368, 346, 335",
        "digits-median, 362, 391, 380, 417"
    })
    void digitsRecipesGiveTheAccuraciesOfTheReadme(
            String name, int plain, int rotated, int inverted, int mirrored) throws IOException {
        Path merged = merge(name, "merged");
        Map<String, Integer> expected =
                Map.of(
                        "plain",
                        plain,
                        "rotated",
                        rotated,
                        "inverted",
                        inverted,
                        "mirrored",
                        mirrored);
        try (OpenModel model = Checkpoints.open(merged)) {
            Map<String, Integer> counts = new Classifier(Digits.read()).correct(model.tensors());
            TorchAccuracies.assertClose(counts, expected, 1);
        }
    }

    @Test
    void tiesIsBetterOverAllViewsThanAnyOfItsModels() throws IOException {
        int merged = total(merge("digits-ties", "merged"));
        assertThat(List.of("base", "expert-rotated", "expert-inverted", "expert-mirrored"))
                .allSatisfy(model -> assertThat(total(Digits.model(model))).isLessThan(merged));
    }

    @Test
    void randomMasksAreTheSameEveryTime() throws IOException {
        Path first = merge("digits-dare-ties", "first").resolve("model.safetensors");
        Path second = merge("digits-dare-ties", "second").resolve("model.safetensors");
        assertThat(second).hasSameBinaryContentAs(first);
    }

    @Test
    void gradientsAndFiltersOfTheLlamaRecipe() throws IOException {
        Recipe recipe = read("llama-gradient-slerp");
        assertThat(number(recipe.parameters(), "t", "model.layers.0.self_attn.q_proj.weight", 0.25))
                .isEqualTo(0.5);
        assertThat(number(recipe.parameters(), "t", "model.layers.0.mlp.up_proj.weight", 0))
                .isEqualTo(1);
        assertThat(number(recipe.parameters(), "t", "model.norm.weight", 0)).isEqualTo(0.5);
        assertThat(recipe.dtype()).contains(DType.F32);
        assertThat(recipe.outDtype()).contains(DType.BF16);
    }

    @Test
    void modelsParametersOfTheMistralRecipe() throws IOException {
        Recipe recipe = read("mistral-ties");
        Parameters chat = recipe.models().get(0).parameters();
        assertThat(chat.get("density").orElseThrow()).isInstanceOf(Gradient.class);
        assertThat(number(chat, "density", "any", 1)).isEqualTo(0.1);
        Parameters math = recipe.models().get(1).parameters();
        assertThat(number(math, "weight", "model.layers.3.mlp.up_proj.weight", 0)).isEqualTo(0.5);
        assertThat(number(math, "weight", "model.layers.3.input_layernorm.weight", 0))
                .isEqualTo(0.2);
        assertThat(recipe.models().get(2).parameters().isEmpty()).isTrue();
    }

    @Test
    void slicesOfTheUpscalingRecipeAdd48Layers() throws IOException {
        List<LayerSource> sources =
                read("depth-upscale").slices().stream()
                        .map(OutputSlice::sources)
                        .flatMap(List::stream)
                        .toList();
        assertThat(sources).hasSize(3);
        assertThat(sources.stream().mapToInt(s -> s.end() - s.start()).sum()).isEqualTo(48);
        Parameters second = sources.get(1).parameters();
        assertThat(number(second, "scale", "model.layers.9.mlp.down_proj.weight", 0)).isZero();
        assertThat(number(second, "scale", "model.layers.9.mlp.up_proj.weight", 0)).isEqualTo(1);
    }

    private Path merge(String name, String folder) throws IOException {
        Path merged = out.resolve(folder);
        Recipes.merge(read(name), RECIPES, merged);
        return merged;
    }

    private static Recipe read(String name) throws IOException {
        return RecipeReader.read(RECIPES.resolve(name + ".yml"));
    }

    private static double number(Parameters parameters, String name, String tensor, double t) {
        Object value = parameters.get(name).orElseThrow().evaluate(tensor, t).orElseThrow();
        return ((Number) value).doubleValue();
    }

    private static int total(Path checkpoint) throws IOException {
        try (OpenModel model = Checkpoints.open(checkpoint)) {
            return new Classifier(Digits.read())
                    .correct(model.tensors()).values().stream().mapToInt(count -> count).sum();
        }
    }
}
