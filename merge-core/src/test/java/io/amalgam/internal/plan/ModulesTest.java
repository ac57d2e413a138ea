package io.amalgam.internal.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.checkpoint.ConfigChanges.LayerChange;
import io.amalgam.error.Problem;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.TensorTask;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Recipes that treat the parts of a model one by one. */
class ModulesTest {
    private final Models models =
            new Models()
                    .add(t5("base", 3, 2))
                    .add(t5("one", 3, 2))
                    .add(t5("two", 3, 2))
                    .add(vision("v", 3, 2))
                    .add(vision("w", 3, 2));

    private static Models.Header t5(String name, int encoder, int decoder) {
        Models.Header header = new Models.Header(name).tensor("shared.weight", 32, 8);
        header.tensor("decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", 4, 2);
        for (int i = 0; i < decoder; i++) {
            header.tensor("decoder.block." + i + ".layer.0.SelfAttention.q.weight", 8, 8)
                    .tensor("decoder.block." + i + ".layer.1.EncDecAttention.q.weight", 8, 8);
        }
        header.tensor("decoder.final_layer_norm.weight", 8);
        header.tensor("encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", 4, 2);
        for (int i = 0; i < encoder; i++) {
            header.tensor("encoder.block." + i + ".layer.0.SelfAttention.q.weight", 8, 8);
        }
        return header.tensor("encoder.final_layer_norm.weight", 8).tensor("lm_head.weight", 32, 8);
    }

    /** A language model that sees. */
    private static Models.Header vision(String name, int layers, int blocks) {
        Models.Header header =
                new Models.Header(name)
                        .tensor("language_model.model.embed_tokens.weight", 32, 8)
                        .tensor("language_model.lm_head.weight", 32, 8);
        for (int i = 0; i < layers; i++) {
            header.tensor("language_model.model.layers." + i + ".q_proj.weight", 8, 8);
        }
        header.tensor("multi_modal_projector.linear_1.weight", 8, 6);
        for (int i = 0; i < blocks; i++) {
            header.tensor("vision_tower.encoder.layers." + i + ".q_proj.weight", 6, 6);
        }
        return header.tensor("vision_tower.post_layernorm.weight", 6);
    }

    private static Map<String, String> sources(MergePlan plan) {
        return plan.tasks().stream()
                .collect(
                        Collectors.toMap(
                                task -> task.output().name(),
                                task ->
                                        task.sources().stream()
                                                .map(source -> source.identity())
                                                .collect(Collectors.joining(" + ")),
                                (a, b) -> a + " twice " + b,
                                TreeMap::new));
    }

    @Test
    void aDecoderStackedAndTheRestTakenAsItIs() throws IOException {
        try (MergePlan plan =
                models.plan(
                        """
                        merge_method: passthrough
                        modules:
                          encoder: {models: [{model: one}]}
                          decoder:
                            slices:
                              - sources: [{model: one, layer_range: [1, 2]}]
                              - sources: [{model: two, layer_range: [0, 2]}]
                          shared: {models: [{model: one}]}
                        """)) {
            String q = ".layer.0.SelfAttention.q.weight";
            String cross = ".layer.1.EncDecAttention.q.weight";
            String bias = ".layer.0.SelfAttention.relative_attention_bias.weight";
            assertThat(sources(plan))
                    .containsOnly(
                            // The bias is the stack's: first layer or not, it stays in front.
                            Map.entry("decoder.block.0" + bias, "one:decoder.block.0" + bias),
                            Map.entry("decoder.block.0" + q, "one:decoder.block.1" + q),
                            Map.entry("decoder.block.0" + cross, "one:decoder.block.1" + cross),
                            Map.entry("decoder.block.1" + q, "two:decoder.block.0" + q),
                            Map.entry("decoder.block.1" + cross, "two:decoder.block.0" + cross),
                            Map.entry("decoder.block.2" + q, "two:decoder.block.1" + q),
                            Map.entry("decoder.block.2" + cross, "two:decoder.block.1" + cross),
                            Map.entry(
                                    "decoder.final_layer_norm.weight",
                                    "two:decoder.final_layer_norm.weight"),
                            Map.entry("encoder.block.0" + bias, "one:encoder.block.0" + bias),
                            Map.entry("encoder.block.0" + q, "one:encoder.block.0" + q),
                            Map.entry("encoder.block.1" + q, "one:encoder.block.1" + q),
                            Map.entry("encoder.block.2" + q, "one:encoder.block.2" + q),
                            Map.entry(
                                    "encoder.final_layer_norm.weight",
                                    "one:encoder.final_layer_norm.weight"),
                            Map.entry("shared.weight", "one:shared.weight"),
                            Map.entry("lm_head.weight", "one:lm_head.weight"));
            LayerChange change = plan.configChanges().layers().get(0);
            assertThat(plan.configChanges().layers()).hasSize(1);
            assertThat(change.oldCount()).isEqualTo(2);
            assertThat(change.sources()).containsExactly(1, 0, 1);
            assertThat(change.stack().orElseThrow().name()).isEqualTo("decoder");
            assertThat(change.stack().orElseThrow().words()).contains("decoder");
            assertThat(plan.warnings()).isEmpty();
        }
    }

    @Test
    void bothStacksAndAVisionTower() throws IOException {
        try (MergePlan plan =
                models.plan(
                        """
                        merge_method: passthrough
                        modules:
                          text_decoder:
                            slices:
                              - sources: [{model: v, layer_range: [0, 2]}]
                          vision:
                            slices:
                              - sources: [{model: v, layer_range: [0, 2]}]
                              - sources: [{model: w, layer_range: [1, 2]}]
                          multi_modal_projector: {models: [{model: w}]}
                        """)) {
            assertThat(sources(plan))
                    .hasSize(3 + 2 + 1 + 3)
                    .containsEntry(
                            "vision_tower.encoder.layers.2.q_proj.weight",
                            "w:vision_tower.encoder.layers.1.q_proj.weight")
                    .containsEntry(
                            "vision_tower.post_layernorm.weight",
                            "w:vision_tower.post_layernorm.weight")
                    .containsEntry(
                            "multi_modal_projector.linear_1.weight",
                            "w:multi_modal_projector.linear_1.weight")
                    .doesNotContainKey("language_model.model.layers.2.q_proj.weight");
            assertThat(plan.configChanges().layers())
                    .extracting(change -> change.stack().orElseThrow().name())
                    .containsExactly("language_model", "vision_tower");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "encoder decoder shared",
                "decoder encoder default",
                "default encoder.block decoder.block.N"
            })
    void allPartsAreTheWholeModel(String names) throws IOException {
        String list =
                """
                [{model: one, parameters: {weight: 0.3, density: [0.5, 0.9]}}, {model: two, parameters: {weight: 0.7}}]
                """;
        String head = "merge_method: ties\nbase_model: base\nparameters: {density: 0.4}\n";
        StringBuilder modules = new StringBuilder(head + "modules:\n");
        for (String name : names.split(" ")) {
            modules.append("  ").append(name).append(":\n    models: ").append(list);
        }
        try (MergePlan whole = models.plan(head + "models: " + list);
                MergePlan parts = models.plan(modules.toString())) {
            assertThat(parts.hash()).isEqualTo(whole.hash());
            assertThat(parts.tasks())
                    .extracting(TensorTask::call)
                    .isEqualTo(whole.tasks().stream().map(TensorTask::call).toList());
            assertThat(parts.warnings()).isEmpty();
        }
    }

    @Test
    void parametersOfAModuleStandBetweenSliceAndRecipe() throws IOException {
        try (MergePlan plan =
                models.plan(
                        """
                        merge_method: ties
                        base_model: base
                        parameters: {weight: 0.1, density: 0.1, lambda: 0.1, normalize: false}
                        modules:
                          encoder:
                            models:
                              - {model: one, parameters: {weight: 0.3}}
                              - {model: two}
                            parameters: {weight: 0.2, density: 0.2, normalize: true}
                          decoder:
                            slices:
                              - sources:
                                  - {model: base, layer_range: [0, 2]}
                                  - {model: one, layer_range: [0, 2], parameters: {weight: 0.3}}
                                parameters: {density: 0.25}
                            parameters: {density: 0.2, lambda: 0.2}
                          shared:
                            models: [{model: one}]
                        """)) {
            Map<String, TensorTask> tasks =
                    plan.tasks().stream().collect(Collectors.toMap(t -> t.output().name(), t -> t));
            var encoder = tasks.get("encoder.block.1.layer.0.SelfAttention.q.weight").call();
            assertThat(encoder.inputs().get(0).values())
                    .containsEntry("weight", 0.3)
                    .containsEntry("density", 0.2);
            assertThat(encoder.inputs().get(1).values()).containsEntry("weight", 0.2);
            assertThat(encoder.shared())
                    .containsEntry("lambda", 0.1)
                    .containsEntry("normalize", true);
            var decoder = tasks.get("decoder.final_layer_norm.weight").call();
            assertThat(decoder.inputs().get(1).values())
                    .containsEntry("weight", 0.3)
                    .containsEntry("density", 0.25);
            assertThat(decoder.shared())
                    .containsEntry("lambda", 0.2)
                    .containsEntry("normalize", false);
            assertThat(tasks.get("shared.weight").call().inputs().get(0).values())
                    .containsEntry("weight", 0.1);
        }
    }

    @Test
    void partsThatNoModuleNamesAreNotWritten() throws IOException {
        try (MergePlan plan =
                models.plan(
                        """
                        merge_method: passthrough
                        modules:
                          encoder: {models: [{model: one}]}
                        """)) {
            assertThat(sources(plan).keySet()).allMatch(name -> name.startsWith("encoder."));
            assertThat(plan.warnings().stream().map(Problem::toString))
                    .containsExactly(
                            "8 tensors of model 'one' will not be written, as no module names their parts: 'shared', 'decoder' (decoder.block.N) (r.yml:3:3); add these under 'modules', with 'models: [{model: one}]', to keep them");
            assertThat(plan.configChanges().tied()).isEmpty();
        }
    }

    @Test
    void namesThatMeanNothingOrTooMuch() {
        assertThat(
                        models.problems(
                                """
                                merge_method: passthrough
                                modules:
                                  encodr: {models: [{model: one}]}
                                  block: {models: [{model: one}]}
                                  shared: {slices: [{sources: [{model: one, layer_range: [0, 1]}]}]}
                                  decoder: {slices: [{sources: [{model: one, layer_range: [0, 3]}]}]}
                                """))
                .containsExactlyInAnyOrder(
                        "model 'one' has no module 'encodr' (r.yml:3:3); did you mean 'encoder'? it has 'shared', 'decoder' (decoder.block.N), 'encoder' (encoder.block.N)",
                        "module 'block' of model 'one': expected a name of one part, got a name of 'decoder' (decoder.block.N), 'encoder' (encoder.block.N) (r.yml:4:3); write one of these",
                        "module 'shared' of model 'one' has no numbered layers (r.yml:5:3); use 'models' instead of 'slices'",
                        "'layer_range' of model 'one': expected an end of at most 2, the number of its layers 'decoder.block.N', got 3 (r.yml:6:33); layers are counted from 0; the end is exclusive");
    }

    @Test
    void onePartUnderTwoNames() {
        assertThat(
                        models.problems(
                                """
                                merge_method: passthrough
                                modules:
                                  encoder: {models: [{model: one}]}
                                  encoder.block: {models: [{model: one}]}
                                """))
                .containsExactly(
                        "modules 'encoder' and 'encoder.block' are one part of model 'one': 'encoder' (encoder.block.N) (r.yml:4:3); keep one of them");
    }

    @Test
    void eachModuleHasABaseAndModelsOfOneDepth() {
        models.add(t5("deep", 4, 2));
        assertThat(
                        models.problems(
                                """
                                merge_method: slerp
                                base_model: one
                                parameters: {t: 0.5, wieght: 1}
                                modules:
                                  encoder: {models: [{model: deep}]}
                                  decoder: {models: [{model: two}, {model: deep}]}
                                """))
                .containsExactlyInAnyOrder(
                        "models for 'slerp' besides the base: expected exactly 1, got 2 (r.yml:1:15); leave the others out, or choose a method that merges more",
                        "layers 'encoder.block.N' of model 'one': expected 4 as in 'deep', got 3 (r.yml:2:13); choose layers with 'slices', or merge models of one depth",
                        "tensor 'encoder.block.3.layer.0.SelfAttention.q.weight' is missing in 'one' but present in 'deep' (r.yml:2:13); merge models of one architecture, or give TensorSet.UNION to merge each tensor among the models that have it, or TensorSet.INTERSECTION to leave such tensors out");
    }

    @Test
    void slicesOfSeveralStacksNameThem() {
        assertThat(
                        models.problems(
                                """
                                merge_method: passthrough
                                slices: [{sources: [{model: one, layer_range: [0, 1]}]}]
                                """))
                .containsExactly(
                        "layer stacks of model 'one': expected one, got 'decoder.block.N', 'encoder.block.N' (r.yml:2:29); give each part its slices or models under 'modules': 'shared', 'decoder', 'encoder'");
    }

    @Test
    void misspeltParametersOfAModule() {
        assertThat(
                        models.problems(
                                """
                                merge_method: linear
                                modules:
                                  default: {models: [{model: one}], parameters: {weight: 1, wieght: 2}}
                                  encoder: {models: [{model: one}], parameters: {weight: 1}}
                                  decoder: {models: [{model: one}], parameters: {weight: 1}}
                                """))
                .containsExactly(
                        "'wieght' is not a parameter of 'linear' (r.yml:3:61); did you mean 'weight'?");
    }

    @Test
    void aModelOfOneStackIsOneModule() throws IOException {
        models.llama("llama", 4);
        String slices = "slices: [{sources: [{model: llama, layer_range: [1, 3]}]}]";
        try (MergePlan whole = models.plan("merge_method: passthrough\n" + slices);
                MergePlan part =
                        models.plan(
                                "merge_method: passthrough\nmodules: {default: {"
                                        + slices
                                        + "}}")) {
            assertThat(part.hash()).isEqualTo(whole.hash());
            assertThat(part.configChanges().layers()).isEqualTo(whole.configChanges().layers());
        }
    }
}
