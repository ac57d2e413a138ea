package io.amalgam.internal.layers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class NameMatcherTest {
    @Test
    void namesWithAndWithoutTheOuterNameMatch() {
        List<String> plain = Names.gpt2("", 3);
        List<String> outer = Names.gpt2("transformer.", 3);
        NameMatcher inOuter = new NameMatcher(new HashSet<>(outer));
        NameMatcher inPlain = new NameMatcher(new HashSet<>(plain));
        for (int i = 0; i < plain.size(); i++) {
            assertThat(inOuter.find(plain.get(i))).contains(outer.get(i));
            assertThat(inPlain.find(outer.get(i))).contains(plain.get(i));
        }
    }

    @Test
    void oldNamesOfNormParametersMatch() {
        NameMatcher bert = new NameMatcher(new HashSet<>(Names.bert(2)));
        for (String name : Names.sentenceTransformer(2)) {
            assertThat(bert.find(name)).as(name).isPresent();
        }
        NameMatcher sentences = new NameMatcher(new HashSet<>(Names.sentenceTransformer(2)));
        assertThat(sentences.find("bert.embeddings.LayerNorm.gamma"))
                .contains("embeddings.LayerNorm.weight");
        assertThat(sentences.find("bert.embeddings.LayerNorm.beta"))
                .contains("embeddings.LayerNorm.bias");
    }

    @Test
    void anExactNameIsPreferred() {
        NameMatcher names = new NameMatcher(Set.of("wte.weight", "transformer.wte.weight"));
        assertThat(names.find("wte.weight")).contains("wte.weight");
        assertThat(names.find("transformer.wte.weight")).contains("transformer.wte.weight");
    }

    @Test
    void twoCandidatesAreNoMatch() {
        NameMatcher names = new NameMatcher(Set.of("model.x.weight", "bert.x.weight"));
        assertThat(names.find("x.weight")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "language_model.model.layers.3.q.weight, model.language_model.layers.3.q.weight",
        "language_model.model.layers.3.q.weight, model.layers.3.q.weight",
        "language_model.lm_head.weight, lm_head.weight",
        "vision_tower.encoder.layers.0.fc1.weight, model.vision_tower.encoder.layers.0.fc1.weight",
        "vision_tower.vision_model.post_layernorm.bias, model.vision_tower.post_layernorm.bias",
        "multi_modal_projector.linear_1.weight, model.multi_modal_projector.linear_1.weight",
        "image_newline, model.image_newline",
        "visual.blocks.0.attn.qkv.weight, model.visual.blocks.0.attn.qkv.weight",
        "thinker.model.layers.0.mlp.up.weight, model.language_model.layers.0.mlp.up.weight",
        "text_model.model.norm.weight, model.text_model.norm.weight",
        "vision_model.encoder.layers.0.fc1.weight, encoder.layers.0.fc1.weight",
        "model.layers.0.block_sparse_moe.gate.weight, model.layers.0.mlp.gate.weight",
        "model.layers.0.block_sparse_moe.gate.weight, model.layers.0.mlp.router.weight",
        "model.layers.0.block_sparse_moe.e_score_correction_bias, model.layers.0.mlp.gate.e_score_correction_bias",
        "model.layers.1.mlp.moe_statics.e_score_correction_bias, model.layers.1.mlp.gate.moe_statics.e_score_correction_bias",
        "model.layers.0.block_sparse_moe.router.layer.weight, model.layers.0.block_sparse_moe.router.weight",
        "model.layers.0.block_sparse_moe.input_linear.weight, model.layers.0.block_sparse_moe.experts.gate_up_proj",
        "model.layers.0.block_sparse_moe.output_linear.weight, model.layers.0.mlp.experts.down_proj",
        "embed_out.weight, lm_head.weight",
        "bert.encoder.layer.0.output.LayerNorm.gamma, encoder.layer.0.output.LayerNorm.weight"
    })
    void spellingsOfOneTensorMatchBothWays(String one, String other) {
        assertThat(new NameMatcher(Set.of(one)).find(other)).contains(one);
        assertThat(new NameMatcher(Set.of(other)).find(one)).contains(other);
        assertThat(NameMatcher.partners(Set.of(one), Set.of(other))).isEqualTo(Map.of(other, one));
    }

    @Test
    void languageModelsOfAnyDepthMatch() {
        Set<String> old =
                Set.of(
                        "model.layers.0.q",
                        "model.layers.1.q",
                        "visual.blocks.0.q",
                        "lm_head.weight");
        Set<String> today = Set.of("model.language_model.layers.0.q", "model.visual.blocks.0.q");
        assertThat(NameMatcher.partners(today, old))
                .isEqualTo(
                        Map.of(
                                "model.layers.0.q",
                                "model.language_model.layers.0.q",
                                "model.layers.1.q",
                                "model.language_model.layers.1.q",
                                "visual.blocks.0.q",
                                "model.visual.blocks.0.q"));
    }

    @Test
    void twoModelsAreNotTakenForTwoSpellings() {
        // Each has something the other has not, so that they may be other models altogether.
        assertThat(
                        NameMatcher.partners(
                                Set.of("encoder.layers.0.fc1", "embeddings.patch_embedding"),
                                Set.of(
                                        "text_model.encoder.layers.0.fc1",
                                        "text_model.embeddings.token_embedding")))
                .isEmpty();
    }

    @Test
    void aVisionModelIsNoLanguageModel() {
        String text = "text_model.encoder.layers.0.fc1.weight";
        String vision = "vision_model.encoder.layers.0.fc1.weight";
        assertThat(new NameMatcher(Set.of(text)).find(vision)).isEmpty();
        assertThat(new NameMatcher(Set.of(vision)).find(text)).isEmpty();
        assertThat(NameMatcher.partners(Set.of(text), Set.of(vision))).isEmpty();
    }

    @Test
    void aNameThatCouldBeTwoHasNoPartner() {
        Set<String> both = Set.of("language_model.model.layers.0.q", "text_model.layers.0.q");
        assertThat(NameMatcher.partners(Set.of("model.layers.0.q"), both)).isEmpty();
        assertThat(NameMatcher.partners(both, Set.of("model.layers.0.q"))).isEmpty();
        assertThat(new NameMatcher(both).find("model.layers.0.q")).isEmpty();
    }

    @Test
    void anOutermostNameMayDifferThoughBothHaveMore() {
        assertThat(
                        NameMatcher.partners(
                                Set.of("bert.embeddings.x", "cls.predictions.bias"),
                                Set.of("embeddings.x", "pooler.dense.bias")))
                .isEqualTo(Map.of("embeddings.x", "bert.embeddings.x"));
    }

    @Test
    void otherNamesDoNotMatch() {
        NameMatcher llama = new NameMatcher(new HashSet<>(Names.llama(2)));
        assertThat(llama.find("model.layers.2.mlp.up_proj.weight")).isEmpty();
        assertThat(llama.find("mlp.up_proj.weight")).isEmpty();
        assertThat(llama.find("")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "lm_head.weight",
                "embed_out.weight",
                "language_model.lm_head.weight",
                "cls.predictions.decoder.weight"
            })
    void headsAreKnown(String name) {
        assertThat(NonLayerTensors.isHead(name)).isTrue();
        assertThat(NonLayerTensors.isAfterLayers(name) || name.startsWith("embed_out")).isTrue();
        assertThat(NonLayerTensors.isEmbedding(name)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "model.embed_tokens.weight",
                "wte.weight",
                "transformer.wte.weight",
                "bert.embeddings.word_embeddings.weight",
                "gpt_neox.embed_in.weight",
                "shared.weight",
                "backbone.embeddings.weight"
            })
    void embeddingsAreKnown(String name) {
        assertThat(NonLayerTensors.isEmbedding(name)).isTrue();
        assertThat(NonLayerTensors.isAfterLayers(name)).isFalse();
        assertThat(NonLayerTensors.isHead(name)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "model.layers.0.self_attn.rotary_emb.inv_freq, true",
        "h.3.attn.masked_bias, true",
        "h.3.attn.bias, true",
        "bert.embeddings.position_ids, true",
        "model.layers.0.self_attn.q_proj.bias, false",
        "model.norm.weight, false",
        "xattn.bias, false"
    })
    void buffersAreKnown(String name, boolean buffer) {
        assertThat(NonLayerTensors.isBuffer(name)).isEqualTo(buffer);
    }
}
