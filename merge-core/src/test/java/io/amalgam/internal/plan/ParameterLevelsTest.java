package io.amalgam.internal.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.amalgam.method.TensorCall;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.TensorTask;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which of the places a parameter can be written at wins, and where gradients are evaluated. */
class ParameterLevelsTest {
    private static final String UP = "model.layers.%d.mlp.up_proj.weight";

    private final Models models =
            new Models().llama("base", 5).llama("one", 5).llama("two", 5).llama("short", 1);

    @Test
    void perModelValuesComeFromTheNearestLevelThatHasOne() throws IOException {
        String recipe =
                """
                merge_method: ties
                base_model: base
                slices:
                  - sources:
                      - {model: base, layer_range: [0, 5]}
                      - model: one
                        layer_range: [0, 5]
                        parameters: {weight: 1}
                      - {model: two, layer_range: [0, 5]}
                    parameters: {weight: 2}
                parameters: {weight: 3, density: 0.5}
                """;
        TensorCall call = call(recipe, UP.formatted(0));
        assertThat(call.number(1, "weight")).isEqualTo(1);
        assertThat(call.number(2, "weight")).isEqualTo(2);
        assertThat(call.number(1, "density")).isEqualTo(0.5);
        assertThat(call.base()).isZero();
        assertThat(call.inputs().get(0).values()).isEmpty();

        TensorCall topOnly = call(recipe.replace("parameters: {weight: 2}", ""), UP.formatted(0));
        assertThat(topOnly.number(1, "weight")).isEqualTo(1);
        assertThat(topOnly.number(2, "weight")).isEqualTo(3);

        TensorCall defaults = call(recipe.replace(", density: 0.5", ""), UP.formatted(0));
        assertThat(defaults.number(1, "density")).isEqualTo(1);
    }

    @Test
    void filtersThatDoNotFitLeaveTheNextLevelItsTurn() throws IOException {
        String recipe =
                """
                merge_method: linear
                models:
                  - model: one
                    parameters:
                      weight: [{filter: q_proj, value: 10}, {filter: up_proj, value: [11, 15]}]
                  - model: two
                    parameters:
                      weight: [{filter: q_proj, value: 20}, {value: 25}]
                parameters:
                  weight: [{filter: layernorm, value: 30}, {filter: "*", value: 35}]
                """;
        Map<String, double[]> expected =
                Map.of(
                        "model.layers.2.self_attn.q_proj.weight", new double[] {10, 20},
                        "model.layers.2.mlp.up_proj.weight", new double[] {13, 25},
                        "model.layers.2.input_layernorm.weight", new double[] {30, 25},
                        "model.norm.weight", new double[] {35, 25});
        try (MergePlan plan = models.plan(recipe)) {
            expected.forEach(
                    (name, weights) -> {
                        TensorCall call = task(plan, name).call();
                        assertThat(call.number(0, "weight")).as(name).isEqualTo(weights[0]);
                        assertThat(call.number(1, "weight")).as(name).isEqualTo(weights[1]);
                    });
        }
    }

    @Test
    void sharedValuesAreNotReadFromModels() throws IOException {
        String recipe =
                """
                merge_method: slerp
                base_model: base
                slices:
                  - sources:
                      - {model: base, layer_range: [0, 2]}
                      - {model: one, layer_range: [0, 2], parameters: {t: 0.9}}
                    parameters: {t: 0.2}
                  - sources:
                      - {model: base, layer_range: [2, 5]}
                      - {model: one, layer_range: [2, 5]}
                parameters: {t: 0.3}
                """;
        try (MergePlan plan = models.plan(recipe)) {
            assertThat(task(plan, UP.formatted(1)).call().number("t")).isEqualTo(0.2);
            assertThat(task(plan, UP.formatted(2)).call().number("t")).isEqualTo(0.3);
            // Loose tensors belong to the first and to the last slice.
            assertThat(task(plan, "model.embed_tokens.weight").call().number("t")).isEqualTo(0.2);
            assertThat(task(plan, "model.norm.weight").call().number("t")).isEqualTo(0.3);
            assertThat(plan.warnings().toString())
                    .contains(
                            "parameter 't' is shared by all models and is not read here (r.yml:6:56); move it to the recipe's or the slice's 'parameters'");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "model.embed_tokens.weight, 0",
        "model.layers.0.mlp.up_proj.weight, 0",
        "model.layers.1.mlp.up_proj.weight, 0.25",
        "model.layers.4.mlp.up_proj.weight, 1",
        "model.norm.weight, 0",
        "lm_head.weight, 0"
    })
    void positionsOfWholeModels(String tensor, double position) throws IOException {
        try (MergePlan plan = models.plan(slerp("t: [0, 1]"))) {
            assertThat(task(plan, tensor).position()).isEqualTo(position);
            assertThat(task(plan, tensor).call().number("t")).isEqualTo(position);
        }
    }

    @Test
    void valuesAlongLayersThatAreNotThereAreSaid() throws IOException {
        Models loose = new Models();
        for (String name : new String[] {"base", "one"}) {
            loose.add(new Models.Header(name).tensor("fc.weight", 2, 2));
        }
        String recipe =
                """
                merge_method: task_arithmetic
                base_model: base
                models:
                  - {model: one, parameters: {weight: [{filter: weight, value: 2}, {value: [0, 1]}]}}
                parameters: {lambda: [0.5, 0.5], lines_beta: %s}
                """;
        try (MergePlan plan = loose.plan(recipe.formatted("0.1"))) {
            assertThat(plan.warnings().stream().map(p -> p.what() + p.where()))
                    .containsExactly(
                            "'lines_beta' varies over the layers, but tensor names have no numbered layersr.yml:5:34",
                            "'weight' varies over the layers, but tensor names have no numbered layersr.yml:4:31");
        }
        try (MergePlan plan = loose.plan(recipe.formatted("0").replace("[0, 1]", "1"))) {
            assertThat(plan.warnings()).isEmpty();
        }
        try (MergePlan plan = models.plan(recipe.formatted("0.1"))) {
            assertThat(plan.warnings()).isEmpty();
        }
    }

    @Test
    void positionsStartAgainInEverySlice() throws IOException {
        String recipe =
                """
                merge_method: passthrough
                slices:
                  - sources: [{model: one, layer_range: [1, 4], parameters: {scale: [1, 2]}}]
                  - sources: [{model: two, layer_range: [3, 4], parameters: {scale: [3, 5]}}]
                """;
        try (MergePlan plan = models.plan(recipe)) {
            double[] scales = {1, 1.5, 2, 5};
            for (int layer = 0; layer < scales.length; layer++) {
                assertThat(task(plan, UP.formatted(layer)).call().number(0, "scale"))
                        .as("layer %d", layer)
                        .isEqualTo(scales[layer]);
            }
            assertThat(task(plan, "model.embed_tokens.weight").call().number(0, "scale"))
                    .isEqualTo(1);
            assertThat(task(plan, "model.norm.weight").call().number(0, "scale")).isEqualTo(3);
        }
    }

    @Test
    void theOnlyLayerIsAtTheEnd() throws IOException {
        models.llama("other", 1);
        String recipe =
                """
                merge_method: linear
                models:
                  - {model: short, parameters: {weight: [1, 4]}}
                  - {model: other, parameters: {weight: 1}}
                """;
        assertThat(call(recipe, UP.formatted(0)).number(0, "weight")).isEqualTo(4);
        assertThat(call(recipe, "model.norm.weight").number(0, "weight")).isEqualTo(1);
    }

    @Test
    void filtersOfModelsSeeTheModelsOwnLayer() throws IOException {
        String recipe =
                """
                merge_method: linear
                slices:
                  - sources:
                      - model: one
                        layer_range: [2, 4]
                        parameters: {weight: [{filter: layers.3., value: 7}, {value: 1}]}
                      - model: two
                        layer_range: [0, 2]
                        parameters: {weight: [{filter: layers.3., value: 9}, {value: 2}]}
                    parameters: {normalize: [{filter: layers.1., value: false}, {value: true}]}
                """;
        try (MergePlan plan = models.plan(recipe)) {
            TensorTask second = task(plan, UP.formatted(1));
            assertThat(second.sources().get(0).identity()).isEqualTo("one:" + UP.formatted(3));
            assertThat(second.sources().get(1).identity()).isEqualTo("two:" + UP.formatted(1));
            assertThat(second.call().number(0, "weight")).isEqualTo(7);
            assertThat(second.call().number(1, "weight")).isEqualTo(2);
            // Shared parameters go by the output's name.
            assertThat(second.call().flag("normalize")).isFalse();
            assertThat(task(plan, UP.formatted(0)).call().flag("normalize")).isTrue();
        }
    }

    @Test
    void filtersOfATiedHeadSeeTheHead() throws IOException {
        models.get("two").without("lm_head.weight").config("{\"tie_word_embeddings\": true}");
        String recipe =
                """
                merge_method: linear
                models: [{model: one}, {model: two}]
                parameters:
                  weight: [{filter: lm_head, value: 2}, {filter: embed, value: 3}, {value: 4}]
                """;
        try (MergePlan plan = models.plan(recipe)) {
            TensorTask head = task(plan, "lm_head.weight");
            assertThat(head.sources().get(1).identity()).isEqualTo("two:model.embed_tokens.weight");
            assertThat(head.call().number(0, "weight")).isEqualTo(2);
            assertThat(head.call().number(1, "weight")).isEqualTo(2);
        }
    }

    @Test
    void gradientsAreStraightBetweenTheirValues() throws IOException {
        try (MergePlan plan = models.plan(slerp("t: [0, 0.3, 0.9]"))) {
            double[] expected = {0, 0.15, 0.3, 0.6, 0.9};
            for (int layer = 0; layer < expected.length; layer++) {
                assertThat(task(plan, UP.formatted(layer)).call().number("t"))
                        .isCloseTo(expected[layer], within(1e-15));
            }
        }
    }

    @Test
    void sliceBaseStandsForTheRecipes() throws IOException {
        String recipe =
                """
                merge_method: slerp
                slices:
                  - base_model: two
                    sources:
                      - {model: one, layer_range: [0, 2]}
                      - {model: two, layer_range: [0, 2]}
                  - base_model: one
                    sources:
                      - {model: one, layer_range: [2, 5]}
                      - {model: two, layer_range: [2, 5]}
                parameters: {t: 0.5}
                """;
        for (String top : new String[] {"", "base_model: one\n", "base_model: two\n"}) {
            try (MergePlan plan = models.plan(recipe + top)) {
                assertThat(task(plan, UP.formatted(0)).call().base()).isEqualTo(1);
                assertThat(task(plan, UP.formatted(4)).call().base()).isZero();
                assertThat(task(plan, "model.embed_tokens.weight").call().base()).isEqualTo(1);
                assertThat(task(plan, "model.norm.weight").call().base()).isZero();
            }
        }
    }

    @Test
    void typesOfTheOutput() throws IOException {
        models.add(new Models.Header("h").tensor("w", DType.F16, 2).tensor("i", DType.I64, 2));
        models.add(new Models.Header("b").tensor("w", DType.BF16, 2).tensor("i", DType.I64, 2));
        String recipe =
                "merge_method: linear\nparameters: {weight: 1}\nmodels: [{model: h}, {model: b}]\n";
        assertThat(types(recipe)).containsExactly(DType.F32, DType.I64);
        assertThat(types(recipe + "dtype: bfloat16\n")).containsExactly(DType.BF16, DType.I64);
        assertThat(types(recipe + "dtype: bfloat16\nout_dtype: float16\n"))
                .containsExactly(DType.F16, DType.I64);
        assertThat(types(recipe.replace("model: b", "model: h2") + "\n"))
                .containsExactly(DType.F16, DType.I64);
    }

    private DType[] types(String recipe) throws IOException {
        models.add(new Models.Header("h2").tensor("w", DType.F16, 2).tensor("i", DType.I64, 2));
        try (MergePlan plan = models.plan(recipe)) {
            return plan.tasks().stream().map(task -> task.output().dtype()).toArray(DType[]::new);
        }
    }

    private static String slerp(String parameters) {
        return "merge_method: slerp\nbase_model: base\nmodels: [{model: one}]\nparameters: {"
                + parameters
                + "}\n";
    }

    private TensorCall call(String recipe, String tensor) throws IOException {
        try (MergePlan plan = models.plan(recipe)) {
            return task(plan, tensor).call();
        }
    }

    private static TensorTask task(MergePlan plan, String tensor) {
        return plan.tasks().stream()
                .filter(task -> task.output().name().equals(tensor))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no " + tensor));
    }
}
