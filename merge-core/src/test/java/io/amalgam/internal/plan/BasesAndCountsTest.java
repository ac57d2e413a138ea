package io.amalgam.internal.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.plan.MergePlan;
import io.amalgam.plan.PlanOptions;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How many models methods take, and what a base that may be left out has to be where it is not. */
class BasesAndCountsTest {
    private static final String UP = "model.layers.1.mlp.up_proj.weight";

    private final Models models = new Models().llama("base", 4).llama("one", 4).llama("two", 4);

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "nuslerp | besides the base: expected exactly 2, got 1 (r.yml:1:15); add models",
                "model_stock | besides the base: expected at least 2, got 1 (r.yml:1:15); add models",
                "multislerp | ",
                "nearswap | ",
                "arcee_fusion | ",
                "karcher | ",
                "geometric_median | ",
                "coordinate_median | ",
            })
    void aBaseAndOneModel(String method, String problem) throws IOException {
        String recipe =
                "merge_method: %s\nbase_model: base\nmodels: [{model: one}]\nparameters: {weight: 1, t: 1}\n";
        if (problem == null) {
            try (MergePlan plan = models.plan(recipe.formatted(method))) {
                assertThat(plan.tasks()).hasSize(15);
            }
        } else {
            assertThat(models.problems(recipe.formatted(method)))
                    .containsExactly("models for '" + method + "' " + problem);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "nuslerp | ",
                "multislerp | ",
                "nearswap | besides the base: expected exactly 1, got 2",
                "arcee_fusion | besides the base: expected exactly 1, got 2",
                "model_stock | ",
            })
    void aBaseAndTwoModels(String method, String problem) throws IOException {
        String recipe =
                "merge_method: %s\nbase_model: base\nmodels: [{model: one}, {model: two}]\nparameters: {weight: 1, t: 1}\n";
        if (problem == null) {
            try (MergePlan plan = models.plan(recipe.formatted(method))) {
                assertThat(plan.tasks()).hasSize(15);
            }
        } else {
            assertThat(models.problems(recipe.formatted(method)))
                    .singleElement()
                    .asString()
                    .startsWith("models for '" + method + "' " + problem);
        }
    }

    @ParameterizedTest
    @CsvSource({"nuslerp", "multislerp"})
    void anOptionalBaseIsASourceOfEverySlice(String method) {
        String recipe =
                """
                merge_method: %s
                base_model: base
                parameters: {weight: 1}
                slices:
                  - sources:
                      - {model: one, layer_range: [0, 2]}
                      - {model: two, layer_range: [0, 2]}
                """;
        assertThat(models.problems(recipe.formatted(method)))
                .containsExactly(
                        "base model 'base' is not among a slice's sources (r.yml:2:13); with 'slices' the base must be a source of every slice");
    }

    @Test
    void aTensorThatTooFewModelsHaveIsNamed() {
        models.get("two").without(UP).without(UP.replace("1", "2"));
        PlanOptions union =
                new PlanOptions(
                        0, PlanOptions.DEFAULT_SHARD_BYTES, PlanOptions.TensorSet.UNION, false);
        assertThat(
                        models.problems(
                                "merge_method: model_stock\nbase_model: base\nmodels: [{model: one}, {model: two}]\n",
                                union))
                .containsExactly(
                        "models with tensor '"
                                + UP
                                + "' for 'model_stock' besides the base (and 1 more tensor): expected at least 2, got 1 (r.yml:1:15); merge only tensors that all have, by TensorSet.INTERSECTION");
    }

    @Test
    void anOptionalBaseHasEveryTensor() throws IOException {
        models.get("base").without(UP);
        String recipe =
                "merge_method: nuslerp\n%smodels: [{model: one}, {model: two}]\nparameters: {weight: 1}\n";
        PlanOptions union =
                new PlanOptions(
                        0, PlanOptions.DEFAULT_SHARD_BYTES, PlanOptions.TensorSet.UNION, false);
        assertThat(models.problems(recipe.formatted("base_model: base\n"), union))
                .containsExactly(
                        "base model 'base' has no tensor '"
                                + UP
                                + "' (r.yml:1:15); the base must have every tensor 'nuslerp' merges");
        try (MergePlan plan = models.plan(recipe.formatted(""), union)) {
            assertThat(plan.tasks()).isNotEmpty();
        }
    }
}
