package io.amalgam.internal.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.plan.MergePlan;
import io.amalgam.plan.MergePlan.Renaming;
import io.amalgam.plan.PlanOptions;
import java.io.IOException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Merges of models that call their tensors by different names. */
class OtherNamesTest {
    private static final String LINEAR =
            """
            merge_method: linear
            models: [{model: old}, {model: new}]
            parameters: {weight: 0.5}
            """;

    private final Models models = new Models();

    @BeforeEach
    void twoSpellings() {
        models.add(vision("old", "language_model.model.", "language_model.", ""));
        models.add(vision("new", "model.language_model.", "", "model."));
    }

    private static Models.Header vision(String name, String text, String head, String outer) {
        Models.Header header = new Models.Header(name);
        header.tensor(text + "embed_tokens.weight", 32, 8);
        for (int i = 0; i < 2; i++) {
            header.tensor(text + "layers." + i + ".self_attn.q_proj.weight", 8, 8);
            header.tensor(outer + "vision_tower.layers." + i + ".q_proj.weight", 4, 4);
        }
        header.tensor(outer + "multi_modal_projector.linear_1.weight", 8, 4);
        return header.tensor(head + "lm_head.weight", 32, 8);
    }

    private static PlanOptions options(PlanOptions.TensorSet tensors) {
        return new PlanOptions(0, PlanOptions.DEFAULT_SHARD_BYTES, tensors, false);
    }

    @ParameterizedTest
    @EnumSource(PlanOptions.TensorSet.class)
    void theFirstModelsNamesAreWritten(PlanOptions.TensorSet tensors) throws IOException {
        try (MergePlan plan = models.plan(LINEAR, options(tensors))) {
            assertThat(plan.tasks())
                    .extracting(task -> task.output().name())
                    .containsExactlyElementsOf(models.get("old").tensors.keySet());
            assertThat(plan.tasks()).allMatch(task -> task.sources().size() == 2);
            assertThat(plan.tasks().get(1).sources().get(1).identity())
                    .isEqualTo("new:model.language_model.layers.0.self_attn.q_proj.weight");
            assertThat(plan.renamings())
                    .extracting(Renaming::describe)
                    .containsExactly(
                            "model.language_model.* as language_model.model.* (3 tensors)",
                            "model.vision_tower.* as vision_tower.* (2 tensors)",
                            "model.multi_modal_projector.* as multi_modal_projector.* (1 tensor)",
                            "lm_head.* as language_model.lm_head.* (1 tensor)");
        }
    }

    @Test
    void theBasesNamesAreWrittenWhereThereIsABase() throws IOException {
        models.add(vision("base", "model.language_model.", "", "model."));
        try (MergePlan plan =
                models.plan(
                        """
                        merge_method: task_arithmetic
                        base_model: base
                        models: [{model: old}, {model: new}]
                        parameters: {weight: 0.5}
                        """)) {
            assertThat(plan.tasks())
                    .extracting(task -> task.output().name())
                    .containsExactlyInAnyOrderElementsOf(models.get("base").tensors.keySet());
            assertThat(plan.tasks()).allMatch(task -> task.sources().size() == 3);
            assertThat(plan.renamings()).allMatch(r -> r.model().toString().equals("old"));
        }
    }

    @Test
    void layersOfBothSpellingsAreStacked() throws IOException {
        try (MergePlan plan =
                models.plan(
                        """
                        merge_method: passthrough
                        modules:
                          text_decoder:
                            slices:
                              - sources: [{model: old, layer_range: [0, 2]}]
                              - sources: [{model: new, layer_range: [1, 2]}]
                        """)) {
            assertThat(plan.tasks())
                    .extracting(task -> task.output().name())
                    .contains("language_model.model.layers.2.self_attn.q_proj.weight")
                    .noneMatch(name -> name.startsWith("model."));
        }
    }

    @Test
    void aTextModelIsMergedIntoTheLanguageModelOfAnother() throws IOException {
        Models.Header text = new Models.Header("text");
        text.tensor("model.embed_tokens.weight", 32, 8);
        for (int i = 0; i < 2; i++) {
            text.tensor("model.layers." + i + ".self_attn.q_proj.weight", 8, 8);
        }
        models.add(text.tensor("lm_head.weight", 32, 8));
        String recipe = LINEAR.replace("new", "text");
        assertThat(models.problems(recipe)).singleElement().asString().contains("is missing in");
        try (MergePlan plan = models.plan(recipe, options(PlanOptions.TensorSet.UNION))) {
            assertThat(plan.tasks())
                    .extracting(task -> task.output().name())
                    .containsExactlyElementsOf(models.get("old").tensors.keySet());
        }
    }

    @Test
    void namesThatOnlyLaterModelsHaveAreOneToo() throws IOException {
        Models.Header text = new Models.Header("text");
        models.add(text.tensor("model.embed_tokens.weight", 32, 8));
        try (MergePlan plan =
                models.plan(
                        LINEAR.replace("[{model: old}", "[{model: text}, {model: old}"),
                        options(PlanOptions.TensorSet.UNION))) {
            assertThat(plan.tasks()).hasSameSizeAs(models.get("old").tensors.keySet());
            assertThat(plan.tasks()).allMatch(task -> task.sources().size() >= 2);
        }
    }

    @Test
    void partnersOfOtherShapesAreAnError() {
        models.get("new").without("model.vision_tower.layers.0.q_proj.weight");
        models.get("new").tensor("model.vision_tower.layers.0.q_proj.weight", 4, 5);
        assertThat(models.problems(LINEAR))
                .containsExactly(
                        "shape of tensor 'vision_tower.layers.0.q_proj.weight' in 'new': expected [4, 4] as in 'old', got [4, 5] (r.yml:2:32); models of different sizes cannot be merged");
    }

    @Test
    void namesThatAreNotKnownAreSaidInOneLine() {
        Models.Header other = new Models.Header("new");
        models.get("old")
                .tensors
                .forEach((name, t) -> other.tensor("x" + name, t.info().shape().dims()));
        models.add(other);
        assertThat(models.problems(LINEAR))
                .containsExactly(
                        "tensors of model 'new': expected the names of 'old', such as 'language_model.model.embed_tokens.weight', got the same tensors under other names, such as 'xlanguage_model.model.embed_tokens.weight' (r.yml:2:32); rename them, or save both models with one library");
    }

    /** Two layouts of one layer that only their sizes tell. */
    @ParameterizedTest
    @EnumSource(PlanOptions.TensorSet.class)
    void tensorsOfLayersUnderOtherNamesAreRefused(PlanOptions.TensorSet tensors) {
        models.add(layered("old", "mlp.chooser.weight", 4, 8));
        models.add(layered("new", "ffn.picker.weight", 4, 8));
        assertThat(models.problems(LINEAR, options(tensors)))
                .containsExactly(
                        "tensors of model 'new': expected the names of 'old', such as 'model.layers.0.mlp.chooser.weight', got the same tensors under other names, such as 'model.layers.0.ffn.picker.weight' (r.yml:2:32); rename them, or save both models with one library");
    }

    @Test
    void asManyElementsInOneTensorAndInTwoAreRefusedInAUnion() {
        models.add(layered("old", "mlp.in.weight", 8, 8));
        models.add(
                layered("new", "mlp.gate.weight", 4, 8)
                        .tensor("model.layers.0.mlp.up.weight", 4, 8)
                        .tensor("model.layers.1.mlp.up.weight", 4, 8));
        assertThat(models.problems(LINEAR, options(PlanOptions.TensorSet.UNION)))
                .singleElement()
                .asString()
                .contains("the same tensors under other names");
    }

    @Test
    void tensorsOfOtherSizesAreUnited() throws IOException {
        models.add(layered("old", "mlp.chooser.weight", 4, 8));
        models.add(layered("new", "self_attn.q_norm.weight", 2));
        try (MergePlan plan = models.plan(LINEAR, options(PlanOptions.TensorSet.UNION))) {
            assertThat(plan.tasks()).hasSize(2 * 2 + 2);
        }
    }

    private static Models.Header layered(String model, String name, long... shape) {
        Models.Header header = new Models.Header(model);
        for (int i = 0; i < 2; i++) {
            header.tensor("model.layers." + i + ".self_attn.q_proj.weight", 8, 8);
            header.tensor("model.layers." + i + "." + name, shape);
        }
        return header;
    }
}
