package io.amalgam.internal.layers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelPartsTest {
    private static final List<String> T5 = Names.t5(8);
    private static final List<String> WHISPER = Names.whisper(6, 4);
    private static final List<String> QWEN2_VL = Names.qwen2Vl(32, 28);
    private static final List<String> CLIP =
            layers(
                    List.of(
                            "logit_scale",
                            "text_model.embeddings.token_embedding.weight",
                            "text_model.final_layer_norm.weight",
                            "text_projection.weight",
                            "vision_model.embeddings.class_embedding",
                            "visual_projection.weight"),
                    "text_model.encoder.layers.",
                    "vision_model.encoder.layers.");
    private static final List<String> LLAVA =
            layers(
                    List.of(
                            "language_model.model.embed_tokens.weight",
                            "language_model.lm_head.weight",
                            "multi_modal_projector.linear_1.weight",
                            "vision_tower.vision_model.post_layernorm.weight"),
                    "language_model.model.layers.",
                    "vision_tower.vision_model.encoder.layers.");
    private static final List<String> QWEN3_VL =
            layers(
                    List.of(
                            "lm_head.weight",
                            "model.language_model.embed_tokens.weight",
                            "model.visual.merger.linear_fc1.weight",
                            "model.visual.patch_embed.proj.weight"),
                    "model.language_model.layers.",
                    "model.visual.blocks.",
                    "model.visual.deepstack_merger_list.");
    private static final List<String> BART =
            layers(
                    List.of("final_logits_bias", "model.shared.weight"),
                    "model.encoder.layers.",
                    "model.decoder.layers.");

    /** Three layers of four tensors under each prefix. */
    private static List<String> layers(List<String> loose, String... prefixes) {
        List<String> names = new ArrayList<>(loose);
        for (String prefix : prefixes) {
            for (int i = 0; i < 3; i++) {
                for (String suffix : List.of("q.weight", "k.weight", "v.weight", "o.weight")) {
                    names.add(prefix + i + "." + suffix);
                }
            }
        }
        return names;
    }

    private static List<String> model(String name) {
        return switch (name) {
            case "t5" -> T5;
            case "whisper" -> WHISPER;
            case "qwen2-vl" -> QWEN2_VL;
            case "clip" -> CLIP;
            case "llava" -> LLAVA;
            case "qwen3-vl" -> QWEN3_VL;
            case "bart" -> BART;
            default -> Names.llama(4);
        };
    }

    private static ModelParts parts(String name) {
        return ModelParts.of(model(name), LayerStacks.of(model(name)));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "llama    | default",
                "t5       | shared, encoder, decoder",
                "bart     | final_logits_bias, shared, encoder, decoder",
                "whisper  | encoder, decoder, proj_out",
                "qwen2-vl | visual, merger, model",
                "qwen3-vl | language_model, merger, visual, deepstack_merger_list",
                "clip     | logit_scale, text_model, text_projection, vision_model, visual_projection",
                "llava    | language_model, multi_modal_projector, vision_tower"
            })
    void namesOfParts(String model, String names) {
        assertThat(parts(model).all())
                .extracting(ModelPart::name)
                .containsExactly(names.split(", "));
    }

    @ParameterizedTest
    @CsvSource({
        "t5, shared.weight, shared",
        "t5, lm_head.weight, shared",
        "t5, encoder.final_layer_norm.weight, encoder",
        "t5, decoder.block.7.layer.2.layer_norm.weight, decoder",
        "bart, model.shared.weight, shared",
        "whisper, model.encoder.conv1.weight, encoder",
        "whisper, model.decoder.embed_tokens.weight, decoder",
        "qwen2-vl, visual.patch_embed.proj.weight, visual",
        "qwen2-vl, visual.merger.mlp.0.weight, merger",
        "qwen2-vl, model.norm.weight, model",
        "qwen3-vl, lm_head.weight, language_model",
        "qwen3-vl, model.visual.patch_embed.proj.weight, visual",
        "qwen3-vl, model.visual.deepstack_merger_list.1.k.weight, deepstack_merger_list",
        "llava, language_model.lm_head.weight, language_model",
        "llava, vision_tower.vision_model.post_layernorm.weight, vision_tower",
        "llama, lm_head.weight, default"
    })
    void partsOfTensors(String model, String tensor, String part) {
        assertThat(parts(model).of(tensor).orElseThrow().name()).isEqualTo(part);
    }

    /** Every name mergekit has for these, the stacks' own, and short ones. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "t5       | encoder               | encoder",
                "t5       | encoder.block         | encoder",
                "t5       | decoder.block.N       | decoder",
                "t5       | decoder.block.        | decoder",
                "t5       | shared                | shared",
                "t5       | default               | shared",
                "t5       | decodr                | ",
                "t5       | text                  | ",
                "t5       | block                 | encoder, decoder",
                "whisper  | encoder               | encoder",
                "whisper  | model.decoder         | decoder",
                "whisper  | model                 | encoder, decoder",
                "qwen2-vl | text_decoder          | model",
                "qwen2-vl | text                  | model",
                "qwen2-vl | language_model        | model",
                "qwen2-vl | vision_tower          | visual",
                "qwen2-vl | vision                | visual",
                "qwen2-vl | multi_modal_projector | merger",
                "qwen2-vl | blocks                | visual",
                "qwen3-vl | text_decoder          | language_model",
                "qwen3-vl | vision_tower          | visual",
                "qwen3-vl | multi_modal_projector | merger, deepstack_merger_list",
                "clip     | text                  | text_model",
                "clip     | vision                | vision_model",
                "clip     | encoder               | text_model, vision_model",
                "clip     | default               | logit_scale, text_projection, visual_projection",
                "llava    | text_decoder          | language_model",
                "llava    | vision_model          | vision_tower",
                "llava    | multi_modal_projector | multi_modal_projector",
                "llava    | audio                 | ",
                "llama    | default               | default",
                "llama    | model.layers          | default",
                "llama    | encoder               | "
            })
    void whatNamesMean(String model, String name, String parts) {
        assertThat(parts(model).named(name))
                .extracting(ModelPart::name)
                .containsExactlyElementsOf(parts == null ? List.of() : List.of(parts.split(", ")));
    }

    @Test
    void everyTensorHasAPart() {
        for (String model : List.of("t5", "whisper", "qwen2-vl", "qwen3-vl", "clip", "llava")) {
            ModelParts parts = parts(model);
            assertThat(model(model)).allSatisfy(name -> assertThat(parts.of(name)).isPresent());
            assertThat(parts.of("nothing")).isEmpty();
        }
    }
}
