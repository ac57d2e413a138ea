package io.amalgam.internal.layers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class LayerStacksTest {
    /**
     * @param stacks what should be found
     * @param before tensors outside of layers that come before them, number
     * @param after tensors after them, by name
     */
    record Model(
            String name,
            List<String> names,
            List<LayerStack> stacks,
            int before,
            List<String> after) {
        @Override
        public String toString() {
            return name;
        }
    }

    static List<Model> models() {
        return List.of(
                new Model(
                        "llama",
                        Names.llama(32),
                        List.of(new LayerStack("model.layers.", 32)),
                        1,
                        List.of("model.norm.weight", "lm_head.weight")),
                new Model(
                        "one-layer llama",
                        Names.llama(1),
                        List.of(new LayerStack("model.layers.", 1)),
                        1,
                        List.of("model.norm.weight", "lm_head.weight")),
                new Model(
                        "qwen2",
                        Names.qwen2(28),
                        List.of(new LayerStack("model.layers.", 28)),
                        1,
                        List.of("model.norm.weight")),
                new Model(
                        "qwen3-moe",
                        Names.qwen3Moe(12, 16),
                        List.of(new LayerStack("model.layers.", 12)),
                        1,
                        List.of("model.norm.weight", "lm_head.weight")),
                new Model(
                        "gpt2",
                        Names.gpt2("", 12),
                        List.of(new LayerStack("h.", 12)),
                        2,
                        List.of("ln_f.weight", "ln_f.bias")),
                new Model(
                        "gpt2 with its outer name",
                        Names.gpt2("transformer.", 12),
                        List.of(new LayerStack("transformer.h.", 12)),
                        2,
                        List.of("transformer.ln_f.weight", "transformer.ln_f.bias")),
                new Model(
                        "gpt-neox",
                        Names.gptNeoX(16),
                        List.of(new LayerStack("gpt_neox.layers.", 16)),
                        1,
                        List.of(
                                "gpt_neox.final_layer_norm.weight",
                                "gpt_neox.final_layer_norm.bias",
                                "embed_out.weight")),
                new Model(
                        "bert",
                        Names.bert(12),
                        List.of(new LayerStack("bert.encoder.layer.", 12)),
                        6,
                        List.of(
                                "bert.pooler.dense.weight",
                                "bert.pooler.dense.bias",
                                "cls.predictions.bias",
                                "cls.predictions.decoder.weight",
                                "cls.predictions.transform.dense.weight")),
                new Model(
                        "t5",
                        Names.t5(8),
                        List.of(
                                new LayerStack("encoder.block.", 8),
                                new LayerStack("decoder.block.", 8)),
                        1,
                        List.of(
                                "encoder.final_layer_norm.weight",
                                "decoder.final_layer_norm.weight",
                                "lm_head.weight")),
                new Model(
                        "vit",
                        Names.vit(12),
                        List.of(new LayerStack("vit.encoder.layer.", 12)),
                        4,
                        List.of(
                                "vit.layernorm.weight",
                                "vit.layernorm.bias",
                                "classifier.weight",
                                "classifier.bias")),
                new Model(
                        "whisper",
                        Names.whisper(6, 4),
                        List.of(
                                new LayerStack("model.encoder.layers.", 6),
                                new LayerStack("model.decoder.layers.", 4)),
                        7,
                        List.of(
                                "model.encoder.layer_norm.weight",
                                "model.encoder.layer_norm.bias",
                                "model.decoder.layer_norm.weight",
                                "model.decoder.layer_norm.bias",
                                "proj_out.weight")),
                new Model(
                        "mamba",
                        Names.mamba(24),
                        List.of(new LayerStack("backbone.layers.", 24)),
                        1,
                        List.of("backbone.norm_f.weight")),
                new Model(
                        "qwen2-vl",
                        Names.qwen2Vl(32, 28),
                        List.of(
                                new LayerStack("visual.blocks.", 32),
                                new LayerStack("model.layers.", 28)),
                        8,
                        List.of("model.norm.weight")),
                new Model(
                        "sentence-transformers",
                        Names.sentenceTransformer(6),
                        List.of(new LayerStack("encoder.layer.", 6)),
                        6,
                        List.of("pooler.dense.weight", "pooler.dense.bias")),
                new Model("perceptron", Names.perceptron(), List.of(), 6, List.of()),
                new Model("sequential", Names.sequential(), List.of(), 6, List.of()));
    }

    @ParameterizedTest
    @MethodSource("models")
    void stacksAreFound(Model model) {
        assertThat(LayerStacks.of(model.names()).all()).isEqualTo(model.stacks());
    }

    @ParameterizedTest
    @MethodSource("models")
    void orderOfNamesDoesNotMatter(Model model) {
        List<String> shuffled = new ArrayList<>(model.names());
        Collections.shuffle(shuffled, new Random(1));
        assertThat(LayerStacks.of(shuffled).all())
                .containsExactlyInAnyOrderElementsOf(model.stacks());
    }

    @ParameterizedTest
    @MethodSource("models")
    void everyTensorIsInALayerOrBeforeOrAfterThem(Model model) {
        LayerStacks stacks = LayerStacks.of(model.names());
        Set<String> loose =
                model.names().stream()
                        .filter(name -> stacks.find(name).isEmpty())
                        .collect(Collectors.toSet());
        assertThat(loose.stream().filter(NonLayerTensors::isAfterLayers))
                .containsExactlyInAnyOrderElementsOf(model.after());
        assertThat(loose).hasSize(model.before() + model.after().size());
    }

    @ParameterizedTest
    @MethodSource("models")
    void namesAreTakenApartAndPutTogether(Model model) {
        LayerStacks stacks = LayerStacks.of(model.names());
        for (String name : model.names()) {
            stacks.find(name)
                    .ifPresent(
                            layer -> {
                                assertThat(layer.stack().name(layer.index(), layer.suffix()))
                                        .isEqualTo(name);
                                assertThat(layer.index()).isLessThan(layer.stack().count());
                            });
        }
    }

    @Test
    void expertsArePartOfTheirLayer() {
        LayerStacks stacks = LayerStacks.of(Names.qwen3Moe(3, 8));
        LayerName expert = stacks.find("model.layers.2.mlp.experts.7.up_proj.weight").orElseThrow();
        assertThat(expert.index()).isEqualTo(2);
        assertThat(expert.suffix()).isEqualTo("mlp.experts.7.up_proj.weight");
    }

    @Test
    void numbersWithAGapAreNoLayers() {
        List<String> names = new ArrayList<>(Names.llama(4));
        names.removeIf(name -> name.startsWith("model.layers.2."));
        assertThat(LayerStacks.of(names).all()).isEmpty();
    }

    @Test
    void namesMayBeginWithDots() {
        assertThat(LayerStacks.of(List.of(".0.weight", "..0.weight", "a..0.weight")).all())
                .isEmpty();
    }

    @Test
    void positionsRunFromZeroToOne() {
        assertThat(LayerStack.position(0, 5)).isZero();
        assertThat(LayerStack.position(1, 5)).isEqualTo(0.25);
        assertThat(LayerStack.position(4, 5)).isEqualTo(1);
        assertThat(LayerStack.position(0, 1)).isEqualTo(1);
    }
}
