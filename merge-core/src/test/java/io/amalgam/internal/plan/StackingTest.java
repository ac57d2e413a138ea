package io.amalgam.internal.plan;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.checkpoint.ConfigChanges.LayerChange;
import io.amalgam.plan.MergePlan;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What slices make of layers: names, order, ends, and what the configuration is told. */
class StackingTest {
    private final Models models = new Models().llama("one", 4).llama("two", 6);

    private static Map<String, String> sources(MergePlan plan) {
        return plan.tasks().stream()
                .collect(
                        Collectors.toMap(
                                task -> task.output().name(),
                                task ->
                                        task.sources().stream()
                                                .map(source -> source.identity())
                                                .collect(Collectors.joining(" + "))));
    }

    @ParameterizedTest
    @CsvSource({
        "model.layers., self_attn.o_proj.weight, model.embed_tokens.weight, model.norm.weight",
        "h., attn.c_proj.weight, wte.weight, ln_f.weight",
        "transformer.h., attn.c_proj.weight, transformer.wte.weight, transformer.ln_f.weight",
        "gpt_neox.layers., attention.dense.weight, gpt_neox.embed_in.weight, gpt_neox.final_layer_norm.weight",
        "bert.encoder.layer., output.dense.weight, bert.embeddings.word_embeddings.weight, bert.pooler.dense.weight",
        "distilbert.transformer.layer., ffn.lin2.weight, distilbert.embeddings.word_embeddings.weight, pre_classifier.weight",
        "model.decoder.layers., fc2.weight, model.decoder.embed_tokens.weight, model.decoder.final_layer_norm.weight",
        "transformer.blocks., ffn.down_proj.weight, transformer.wte.weight, transformer.norm_f.weight",
        "vit.encoder.layer., output.dense.weight, vit.embeddings.cls_token, vit.layernorm.weight",
        "backbone.layers., mixer.out_proj.weight, backbone.embeddings.weight, backbone.norm_f.weight",
        "transformer.encoder.layers., mlp.dense_4h_to_h.weight, transformer.embedding.word_embeddings.weight, transformer.output_layer.weight",
        "model.language_model.layers., mlp.down_proj.weight, model.language_model.embed_tokens.weight, model.language_model.norm.weight",
        "rwkv.blocks., attention.output.weight, rwkv.embeddings.weight, rwkv.ln_out.weight",
        "layers., feed_forward.w2.weight, tok_embeddings.weight, norm.weight"
    })
    void everyNaming(String prefix, String suffix, String before, String after) throws IOException {
        for (String name : List.of("x", "y")) {
            Models.Header header = new Models.Header(name).tensor(before, 9, 8);
            for (int i = 0; i < 3; i++) {
                header.tensor(prefix + i + "." + suffix, 8, 8);
            }
            models.add(header.tensor(after, 8));
        }

        try (MergePlan plan =
                models.plan(
                        """
                        merge_method: passthrough
                        slices:
                          - sources: [{model: x, layer_range: [0, 2]}]
                          - sources: [{model: y, layer_range: [2, 3]}]
                          - sources: [{model: x, layer_range: [1, 2]}]
                          - sources: [{model: x, layer_range: [1, 2]}]
                        """)) {
            assertThat(sources(plan))
                    .containsOnly(
                            Map.entry(before, "x:" + before),
                            Map.entry(prefix + "0." + suffix, "x:" + prefix + "0." + suffix),
                            Map.entry(prefix + "1." + suffix, "x:" + prefix + "1." + suffix),
                            Map.entry(prefix + "2." + suffix, "y:" + prefix + "2." + suffix),
                            Map.entry(prefix + "3." + suffix, "x:" + prefix + "1." + suffix),
                            Map.entry(prefix + "4." + suffix, "x:" + prefix + "1." + suffix),
                            Map.entry(after, "x:" + after));
        }
    }

    @Test
    void layersOfAModelThatSpellsItsPrefixOtherwise() throws IOException {
        Models.Header bare = new Models.Header("bare").tensor("embed_tokens.weight", 32, 8);
        for (int i = 0; i < 2; i++) {
            bare.tensor("layers." + i + ".input_layernorm.weight", 8);
            bare.tensor("layers." + i + ".self_attn.q_proj.weight", 8, 8);
            bare.tensor("layers." + i + ".mlp.up_proj.weight", 16, 8);
        }
        models.add(bare);

        try (MergePlan plan =
                models.plan(
                        """
                        merge_method: passthrough
                        slices:
                          - sources: [{model: bare, layer_range: [1, 2]}]
                          - sources: [{model: one, layer_range: [3, 4]}]
                        """)) {
            assertThat(sources(plan))
                    .containsEntry(
                            "layers.0.mlp.up_proj.weight", "bare:layers.1.mlp.up_proj.weight")
                    .containsEntry(
                            "layers.1.mlp.up_proj.weight", "one:model.layers.3.mlp.up_proj.weight");
        }
    }

    /** Said once, and only where models differ and nothing sets the type. */
    @Test
    void layersOfOtherTypesAreWarnedOf() throws IOException {
        Models.Header half = new Models.Header("half").tensor("model.embed_tokens.weight", 32, 8);
        for (int i = 0; i < 2; i++) {
            String layer = "model.layers." + i + ".";
            half.tensor(layer + "input_layernorm.weight", 8);
            half.tensor(layer + "self_attn.q_proj.weight", DType.BF16, 8, 8);
            half.tensor(layer + "mlp.up_proj.weight", DType.BF16, 16, 8);
        }
        models.add(half.tensor("model.norm.weight", 8).tensor("lm_head.weight", 32, 8));
        String recipe =
                """
                merge_method: passthrough
                slices:
                  - sources: [{model: one, layer_range: [0, 2]}]
                  - sources: [{model: half, layer_range: [0, 2]}]
                """;

        assertThat(warnings(recipe))
                .containsExactly(
                        "types of the stacked layers: expected one, got F32 from 'one' and BF16 from 'half'; each layer is written in its own, whatever config.json says; in a recipe 'dtype' sets one for all");
        assertThat(warnings(recipe + "dtype: bfloat16\n")).isEmpty();
        assertThat(warnings(recipe.replace("one", "half"))).isEmpty();
        assertThat(warnings("merge_method: passthrough\nmodels: [{model: half}]\n")).isEmpty();
    }

    private List<String> warnings(String recipe) throws IOException {
        try (MergePlan plan = models.plan(recipe)) {
            return plan.warnings().stream().map(Object::toString).toList();
        }
    }

    @Test
    void sumsSomeLayersAndStacksTheRest() throws IOException {
        try (MergePlan plan =
                models.plan(
                        """
                        merge_method: linear
                        slices:
                          - sources: [{model: one, layer_range: [0, 1]}]
                          - sources:
                              - {model: one, layer_range: [1, 2]}
                              - {model: two, layer_range: [4, 5]}
                          - sources:
                              - {model: two, layer_range: [2, 3]}
                              - {model: two, layer_range: [3, 4]}
                        parameters: {weight: 1}
                        """)) {
            assertThat(sources(plan))
                    .containsEntry(
                            "model.layers.0.mlp.up_proj.weight",
                            "one:model.layers.0.mlp.up_proj.weight")
                    .containsEntry(
                            "model.layers.1.mlp.up_proj.weight",
                            "one:model.layers.1.mlp.up_proj.weight + two:model.layers.4.mlp.up_proj.weight")
                    .containsEntry(
                            "model.layers.2.mlp.up_proj.weight",
                            "two:model.layers.2.mlp.up_proj.weight + two:model.layers.3.mlp.up_proj.weight");
        }
    }

    @Test
    void oneSpellingOfALayerNormForBothModels() throws IOException {
        models.add(bert("old", "gamma")).add(bert("new", "weight"));
        try (MergePlan plan =
                models.plan(
                        """
                        merge_method: linear
                        slices:
                          - sources:
                              - {model: old, layer_range: [0, 1]}
                              - {model: new, layer_range: [0, 1]}
                          - sources: [{model: new, layer_range: [1, 2]}]
                        parameters: {weight: 1}
                        """)) {
            assertThat(sources(plan).keySet())
                    .containsExactlyInAnyOrder(
                            "encoder.layer.0.output.LayerNorm.gamma",
                            "encoder.layer.0.output.dense.weight",
                            "encoder.layer.1.output.LayerNorm.gamma",
                            "encoder.layer.1.output.dense.weight");
        }
    }

    private static Models.Header bert(String name, String norm) {
        Models.Header header = new Models.Header(name);
        for (int i = 0; i < 2; i++) {
            header.tensor("encoder.layer." + i + ".output.LayerNorm." + norm, 8);
            header.tensor("encoder.layer." + i + ".output.dense.weight", 8, 8);
        }
        return header;
    }

    @Test
    void aLayerKnowsWhichModelLentIt() throws IOException {
        models.get("one").config("{'layer_types': ['a']}".replace('\'', '"'));
        models.get("two").config("{'layer_types': ['b']}".replace('\'', '"'));
        try (MergePlan plan = models.plan(STACK)) {
            LayerChange change = plan.configChanges().layers().get(0);
            assertThat(change.oldCount()).isEqualTo(4);
            assertThat(change.sources()).containsExactly(0, 1, 4, 5);
            assertThat(change.origins().subList(0, 2)).allMatch(origin -> origin.isEmpty());
            assertThat(change.origins().get(3).orElseThrow().layers()).isEqualTo(6);
            assertThat(change.origins().get(3).orElseThrow().config().toString()).contains("b");
        }
    }

    private static final String STACK =
            """
            merge_method: passthrough
            slices:
              - sources: [{model: one, layer_range: [0, 2]}]
              - sources: [{model: two, layer_range: [4, 6]}]
            """;

    /** The configuration says of the ends what is in the file. */
    @ParameterizedTest
    @CsvSource({
        // first has a head, says, last has a head, says: source of the head, said
        "true, false, true, false, two:lm_head.weight, ''",
        "true, '', true, '', two:lm_head.weight, ''",
        "false, true, true, false, two:lm_head.weight, false",
        "false, '', true, false, two:lm_head.weight, false",
        "true, false, false, true, two:model.embed_tokens.weight, ''",
        "false, true, false, true, '', ''",
        "false, '', false, '', '', ''",
        "true, false, false, false, '', true"
    })
    void ends(
            boolean firstHead,
            String firstTies,
            boolean lastHead,
            String lastTies,
            String head,
            String said)
            throws IOException {
        ends(models.get("one"), firstHead, firstTies);
        ends(models.get("two"), lastHead, lastTies);

        try (MergePlan plan = models.plan(STACK)) {
            Map<String, String> sources = sources(plan);
            assertThat(sources.get("model.embed_tokens.weight"))
                    .isEqualTo("one:model.embed_tokens.weight");
            assertThat(sources.getOrDefault("lm_head.weight", "")).isEqualTo(head);
            assertThat(plan.configChanges().tied().map(String::valueOf).orElse("")).isEqualTo(said);
        }
    }

    private static void ends(Models.Header model, boolean head, String ties) {
        if (!head) {
            model.without("lm_head.weight");
        }
        model.config(ties.isEmpty() ? "{}" : "{\"tie_word_embeddings\": " + ties + "}");
    }

    @Test
    void layersThatDoNotFit() {
        models.get("two")
                .tensor("model.layers.5.mlp.up_proj.weight", 16, 9)
                .without("model.layers.4.input_layernorm.weight")
                .tensor("model.layers.4.self_attn.q_proj.bias", 8)
                .tensor("lm_head.weight", 33, 8);
        assertThat(models.problems(STACK))
                .containsExactlyInAnyOrder(
                        "shape of tensor 'model.layers.5.mlp.up_proj.weight' in 'two': expected [16, 8] as in the layers of 'one', got [16, 9] (r.yml:4:23); models of different sizes cannot be stacked",
                        "tensor 'model.layers.4.input_layernorm.weight' is missing in the layers of 'two' but present in those of 'one' (r.yml:4:23); stack layers of one architecture, or give TensorSet.UNION to take them as they are",
                        "tensor 'model.layers.4.self_attn.q_proj.bias' is missing in the layers of 'one' but present in those of 'two' (r.yml:4:23); stack layers of one architecture, or give TensorSet.UNION to take them as they are",
                        "rows of tensor 'lm_head.weight' of 'two': expected 32 as in the embedding of 'one', got 33 (r.yml:4:23); the vocabularies differ: add 'tokenizer: {source: union}' to the recipe, or take the last layers from a model of the same vocabulary");
    }

    /** Mllama: the embedding has eight rows more than the head, which are no tokens. */
    @Test
    void modelsWithRowsBehindTheirTokensAreStacked() throws IOException {
        for (String name : List.of("one", "two")) {
            models.get(name)
                    .tensor("model.embed_tokens.weight", 40, 8)
                    .config("{\"vocab_size\": 32}");
        }
        try (MergePlan plan = models.plan(STACK)) {
            assertThat(sources(plan)).containsKeys("model.embed_tokens.weight", "lm_head.weight");
        }
    }

    @Test
    void layersOfOneModelMayDiffer() throws IOException {
        models.get("one")
                .tensor("model.layers.3.mlp.up_proj.weight", 24, 8)
                .tensor("model.layers.3.mlp.gate.weight", 4, 8);
        models.get("two")
                .tensor("model.layers.5.mlp.up_proj.weight", 24, 8)
                .tensor("model.layers.5.mlp.gate.weight", 4, 8);
        try (MergePlan plan = models.plan(STACK)) {
            assertThat(sources(plan)).containsKey("model.layers.3.mlp.gate.weight");
        }
    }

    /** DeepSeek-V3, GLM-4.5: a layer behind the last predicts a second token. */
    @Test
    void layersBehindTheLastStayThere() throws IOException {
        Models.Header extra = new Models.Header("extra").tensor("model.embed_tokens.weight", 9, 8);
        for (int i = 0; i < 3; i++) {
            extra.tensor("model.layers." + i + ".up.weight", 8, 8);
        }
        models.add(extra.tensor("model.layers.2.eh_proj.weight", 8, 16));
        try (MergePlan plan =
                models.plan(
                        """
                        merge_method: passthrough
                        slices:
                          - sources: [{model: extra, layer_range: [0, 2]}]
                          - sources: [{model: extra, layer_range: [1, 2]}]
                        """)) {
            assertThat(sources(plan))
                    .containsEntry("model.layers.2.up.weight", "extra:model.layers.1.up.weight")
                    .containsEntry("model.layers.3.up.weight", "extra:model.layers.2.up.weight")
                    .containsEntry(
                            "model.layers.3.eh_proj.weight", "extra:model.layers.2.eh_proj.weight")
                    .doesNotContainKey("model.layers.2.eh_proj.weight");
        }
    }
}
