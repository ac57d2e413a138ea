package io.amalgam.internal.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.error.Problem;
import io.amalgam.plan.MergePlan;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Stacks whose layers need more than their own tensors, or another place than they get. */
class StackPlacesTest {
    private final Models models = new Models();

    private static Models.Header layers(String name, int count) {
        Models.Header header = new Models.Header(name).tensor("embed_tokens.weight", 9, 8);
        for (int i = 0; i < count; i++) {
            header.tensor("layers." + i + ".up.weight", 8, 8);
        }
        return header;
    }

    /** Layers 0, 2 and 4 use a block that layer 0 has. */
    private static Models.Header zamba(String name) {
        Models.Header header = layers(name, 5).tensor("layers.0.shared_transf.q.weight", 8, 8);
        for (int i = 0; i < 5; i += 2) {
            header.tensor("layers." + i + ".linear.weight", 8, 8);
        }
        return header;
    }

    private static String stack(String... ranges) {
        StringBuilder recipe = new StringBuilder("merge_method: passthrough\nslices:\n");
        for (String range : ranges) {
            String[] part = range.split(":|-");
            recipe.append(
                    "- sources: [{model: %s, layer_range: [%s, %s]}]\n".formatted((Object[]) part));
        }
        return recipe.toString();
    }

    @Test
    void layersThatShareABlockKeepTheOrderOfOneModel() throws IOException {
        models.add(zamba("x")).add(zamba("y"));
        for (String[] ranges :
                new String[][] {
                    {"x:0-3", "x:1-2", "x:3-5"}, {"x:0-3", "y:1-2", "x:3-5"}, {"x:1-2", "x:0-5"}
                }) {
            try (MergePlan plan = models.plan(stack(ranges))) {
                assertThat(plan.tasks()).isNotEmpty();
            }
        }
        for (String[] ranges :
                new String[][] {
                    {"x:0-3", "y:3-5"}, {"x:0-3", "x:2-5"}, {"x:2-5"}, {"x:4-5", "x:0-4"}
                }) {
            assertThat(models.problems(stack(ranges)))
                    .singleElement()
                    .asString()
                    .startsWith(
                            "block 'shared_transf' of model 'x': expected one of each layer's own, got that of layer 0, which layer 2 uses too (r.yml:3:")
                    .endsWith("they are [0, 2, 4]");
        }
    }

    @Test
    void aSharedExpertOfEveryLayerIsItsOwn() throws IOException {
        Models.Header header = layers("x", 3);
        for (int i = 1; i < 3; i++) {
            header.tensor("layers." + i + ".shared_expert.up.weight", 8, 8);
            header.tensor("layers." + i + ".gate.weight", 8, 8);
        }
        models.add(header);
        try (MergePlan plan = models.plan(stack("x:0-2", "x:1-3"))) {
            assertThat(plan.tasks()).hasSize(1 + 4 + 2 * 3);
        }
    }

    @ParameterizedTest
    @CsvSource({
        // a column for each of 3 heads of 4 layers
        "contact_head.regression.weight, 12, 3, false",
        // that many by chance
        "embed_positions.weight, 12, 3, true",
        "projector.layer_weights, 5, 2, false",
        "projector.weight, 5, 2, true",
        "embed_tokens_per_layer.weight, 28, 2, false",
        "embed_positions.weight, 28, 2, true"
    })
    void tensorsWithAPartForEachLayer(String name, int size, int heads, boolean free)
            throws IOException {
        String more = free ? ", \"max_position_embeddings\": " + size : "";
        models.add(
                layers("x", 4)
                        .tensor(name, 1, size)
                        .config(
                                "{\"num_attention_heads\": %d, \"hidden_size_per_layer_input\": 7%s}"
                                        .formatted(heads, more)));
        String recipe = stack("x:0-3", "x:2-4");
        if (free) {
            models.plan(recipe).close();
        } else {
            assertThat(models.problems(recipe))
                    .containsExactly(
                            "tensor '%s' of model 'x': expected sizes that do not depend on the number of layers, got [1, %d], a part for each of 4 layers (r.yml:3:21); the parts cannot follow a new order: such models cannot be restacked"
                                    .formatted(name, size));
        }
        models.plan(stack("x:0-4")).close();
    }

    @Test
    void layersOfKindsThatNothingTellsAreWarnedAbout() throws IOException {
        models.add(layers("x", 4).tensor("layers.2.gate.weight", 8, 8));
        try (MergePlan plan = models.plan(stack("x:0-3", "x:1-4"))) {
            assertThat(plan.warnings())
                    .extracting(Problem::toString)
                    .anyMatch(
                            warning ->
                                    warning.startsWith(
                                            "layers of 'x' have different tensors and config.json does not say which: whether layer 0 of the output fits its place is not known"));
        }
        try (MergePlan plan = models.plan(stack("x:0-4"))) {
            assertThat(plan.warnings()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "decoder.bias",
                "head.dense.weight",
                "cls.predictions.bias",
                "lm_loss.bias",
                "final_logits_bias",
                "pred_layer.proj.bias"
            })
    void everyPartOfAHeadComesFromTheLastSlice(String name) throws IOException {
        models.add(layers("x", 2).tensor(name, 9)).add(layers("y", 2).tensor(name, 9));
        try (MergePlan plan = models.plan(stack("x:0-2", "y:0-2"))) {
            assertThat(plan.tasks())
                    .filteredOn(task -> task.output().name().equals(name))
                    .allMatch(task -> task.sources().get(0).identity().equals("y:" + name))
                    .hasSize(1);
        }
    }
}
