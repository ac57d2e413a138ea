package io.amalgam.internal.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.internal.recipe.yaml.RecipeReader;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.Recipe;
import io.amalgam.tensor.DType;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What makes two plans the same. */
class PlanHashTest {
    private static final String RECIPE =
            """
            merge_method: dare_ties
            base_model: base
            models:
              - {model: one, parameters: {weight: 0.5, density: 0.3}}
              - {model: two, parameters: {weight: 0.25}}
            parameters: {lambda: 1.5}
            dtype: float32
            """;

    private final Models models = new Models().llama("base", 3).llama("one", 3).llama("two", 3);

    @Test
    void theSamePlanHasTheSameHash() throws IOException {
        String hash = hash(RECIPE, 0);
        assertThat(hash).matches("[0-9a-f]{64}").isEqualTo(hash(RECIPE, 0));
    }

    @Test
    void wordingAndPlaceOfTheRecipeDoNotMatter() throws IOException {
        String reworded =
                "# a comment\n"
                        + RECIPE.replace("weight: 0.5", "weight: 5.0e-1")
                                .replace(", density: 0.3", ", density: 0.30");
        assertThat(hash(reworded, 0)).isEqualTo(hash(RECIPE, 0));
        Recipe elsewhere = RecipeReader.read(RECIPE, "/some/other/machine/recipe.yml");
        try (MergePlan plan = models.plan(elsewhere, PlanOptions.DEFAULT)) {
            assertThat(plan.hash()).isEqualTo(hash(RECIPE, 0));
        }
        String defaults = RECIPE.replace("weight: 0.25", "weight: 0.25, density: 1.0");
        assertThat(hash(defaults, 0)).isEqualTo(hash(RECIPE, 0));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "weight: 0.5 | weight: 0.6",
                "density: 0.3 | density: 0.31",
                "lambda: 1.5 | lambda: 1.6",
                "lambda: 1.5 | lambda: 1.5, normalize: true",
                "lambda: 1.5 | lambda: 1.5, rescale: density",
                "dare_ties | ties",
                "dtype: float32 | dtype: bfloat16",
                "base_model: base | base_model: one",
                "base_model: base | base_model: {model: base, override_architecture: X}",
            })
    void whatDecidesBytesChangesTheHash(String from, String to) throws IOException {
        assertThat(RECIPE).contains(from);
        assertThat(hash(RECIPE.replace(from, to), 0)).isNotEqualTo(hash(RECIPE, 0));
    }

    @Test
    void seedsAndInputsChangeTheHash() throws IOException {
        String hash = hash(RECIPE, 0);
        assertThat(hash(RECIPE, 1)).isNotEqualTo(hash);
        models.get("two").tensor("model.norm.weight", DType.BF16, 8);
        assertThat(hash(RECIPE, 0)).isNotEqualTo(hash);
    }

    @Test
    void layersScaledByOtherPositionsAreAnotherPlan() throws IOException {
        String head = "merge_method: ties\nbase_model: base\nslices:\n";
        String tail = "parameters: {weight: 0.5, lines_alpha: 0.3, lines_beta: 0.5}\n";
        String whole = head + slice(0, 3) + tail;
        String cut = head + slice(0, 1) + slice(1, 3) + tail;
        assertThat(positions(whole)).containsExactly(0, 0.5, 1);
        assertThat(positions(cut)).containsExactly(1, 0, 1);
        assertThat(hash(cut, 0)).isNotEqualTo(hash(whole, 0));
    }

    private static String slice(int from, int to) {
        return "  - sources: [{model: base, layer_range: [%d, %d]}, {model: one, layer_range: [%d, %d]}]\n"
                .formatted(from, to, from, to);
    }

    private double[] positions(String recipe) throws IOException {
        try (MergePlan plan = models.plan(recipe, PlanOptions.DEFAULT)) {
            return plan.tasks().stream()
                    .filter(task -> task.output().name().endsWith("up_proj.weight"))
                    .mapToDouble(task -> task.call().position())
                    .toArray();
        }
    }

    private String hash(String recipe, long seed) throws IOException {
        PlanOptions options =
                new PlanOptions(
                        seed, PlanOptions.DEFAULT_SHARD_BYTES, PlanOptions.TensorSet.SAME, false);
        try (MergePlan plan = models.plan(recipe, options)) {
            return plan.hash();
        }
    }
}
