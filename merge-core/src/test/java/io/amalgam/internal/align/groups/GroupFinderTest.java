package io.amalgam.internal.align.groups;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What may move in models of many kinds, and what must not. */
class GroupFinderTest {
    private final Map<String, Shape> shapes = new LinkedHashMap<>();

    private GroupFinderTest with(String name, long... dims) {
        shapes.put(name, Shape.of(dims));
        return this;
    }

    private Grouping found() {
        return GroupFinder.find(shapes, Optional.empty(), name -> false);
    }

    private Grouping found(String config) throws Exception {
        ObjectNode read = (ObjectNode) new ObjectMapper().readTree(config);
        return GroupFinder.find(shapes, Optional.of(read), name -> name.contains(".c_"));
    }

    private static String names(Grouping grouping) {
        return String.join(",", grouping.groups().stream().map(Group::name).toList());
    }

    @Test
    void convolutionsMoveWithTheirBatchNormsAndWhatReadsThemFlat() {
        with("conv1.weight", 8, 3, 3, 3).with("conv1.bias", 8);
        for (String part : new String[] {"weight", "bias", "running_mean", "running_var"}) {
            with("bn1." + part, 8);
        }
        with("conv2.weight", 6, 8, 3, 3).with("fc.weight", 5, 24);

        Grouping grouping = found();

        assertThat(names(grouping)).isEqualTo("conv1,conv2");
        assertThat(grouping.groups().get(0).places()).hasSize(7);
        assertThat(grouping.groups().get(1).places()).contains(Places.units("fc.weight", 1, 0, 4));
    }

    @Test
    void normsThatMayBeOverGroupsOfChannelsHoldThem() {
        with("conv1.weight", 8, 3, 3, 3).with("norm1.weight", 8).with("norm1.bias", 8);
        with("conv2.weight", 6, 8, 3, 3).with("fc.weight", 5, 6);

        assertThat(names(found())).isEqualTo("conv2");
        assertThat(found().stays()).singleElement().asString().contains("groups of channels");
    }

    @Test
    void withShortcutsOnlyTheInsideOfBlocksMoves() {
        with("conv1.weight", 8, 3, 3, 3);
        with("layer1.0.conv1.weight", 8, 8, 3, 3).with("layer1.0.conv2.weight", 8, 8, 3, 3);
        with("layer1.0.downsample.0.weight", 8, 8, 1, 1).with("fc.weight", 5, 8);

        assertThat(names(found())).isEqualTo("layer1.0.conv1");
    }

    @Test
    void layersAreInTheOrderOfTheirNumbers() {
        with("net.10.weight", 3, 5).with("net.2.weight", 5, 4).with("net.2.bias", 5);

        assertThat(names(found())).isEqualTo("net.2");
    }

    @Test
    void depthwiseConvolutionsAndUnknownTensorsStay() {
        with("conv1.weight", 8, 3, 3, 3).with("conv2.weight", 8, 1, 3, 3);
        with("conv3.weight", 4, 8, 1, 1).with("conv2.mask", 8);

        assertThat(names(found())).isEmpty();
    }

    /** Each channel of such a convolution reads its own group of channels. */
    @Test
    void convolutionsInGroupsStay() {
        with("block.conv1.weight", 8, 8, 1, 1).with("block.conv2.weight", 8, 2, 3, 3);
        with("block.conv3.weight", 4, 8, 1, 1);
        with("other.conv1.weight", 8, 1, 3, 3).with("other.conv2.weight", 4, 8, 1, 1);

        assertThat(names(found())).isEmpty();
        assertThat(found().stays()).anyMatch(why -> why.contains("convolution in groups"));
    }

    /** The alphabet does not know that an encoder comes before its decoder. */
    @Test
    void theOrderOfNamesIsNotThatOfLayers() {
        with("decoder.weight", 6, 4).with("encoder.weight", 4, 6);
        assertThat(names(found())).isEmpty();

        with("a.down_proj.weight", 4, 4).with("a.gate_proj.weight", 4, 4);
        with("a.conv.weight", 4, 4, 3).with("b.conv.weight", 4, 4, 3).with("b.out.weight", 4, 4);
        assertThat(names(found())).isEqualTo("b.conv");
    }

    /** A last layer may have a name of its own. */
    @Test
    void aHeadComesLast() {
        with("fc1.weight", 5, 4).with("fc2.weight", 5, 5).with("output.weight", 3, 5);

        assertThat(names(found())).isEqualTo("fc1,fc2");
    }

    /** XGLM adds sines that no file has, in the order of its units. */
    @Test
    void theStreamStaysWherePositionsAreNotSaid() throws Exception {
        gpt();
        shapes.remove("wpe.weight");

        Grouping grouping = found(GPT.replace("gpt2", "xglm"));

        assertThat(names(grouping)).isEqualTo("attn0,mlp0,attn1,mlp1");
        assertThat(grouping.stays()).anyMatch(why -> why.contains("how positions enter"));
    }

    private void gpt() {
        with("wte.weight", 20, 8).with("wpe.weight", 16, 8).with("ln_f.weight", 8);
        for (int layer = 0; layer < 2; layer++) {
            String base = "h." + layer + ".";
            with(base + "ln_1.weight", 8).with(base + "ln_1.bias", 8);
            with(base + "attn.c_attn.weight", 8, 24).with(base + "attn.c_attn.bias", 24);
            with(base + "attn.c_proj.weight", 8, 8).with(base + "attn.c_proj.bias", 8);
            with(base + "mlp.c_fc.weight", 8, 12).with(base + "mlp.c_fc.bias", 12);
            with(base + "mlp.c_proj.weight", 12, 8).with(base + "mlp.c_proj.bias", 8);
        }
    }

    private static final String GPT =
            "{\"model_type\": \"gpt2\", \"n_head\": 2, \"architectures\": [\"GPT2LMHeadModel\"]}";

    @Test
    void fusedAndTransposedMatricesAreTakenApart() throws Exception {
        gpt();

        Grouping grouping = found(GPT);

        assertThat(names(grouping)).isEqualTo("res,attn0,mlp0,attn1,mlp1");
        Group.Heads heads = (Group.Heads) grouping.groups().get(1);
        assertThat(heads.turned()).isFalse();
        assertThat(heads.value()).contains(new Places("h.0.attn.c_attn.weight", 1, 16, 4, 0, 1, 1));
        assertThat(grouping.anchors()).contains("wte.weight", "h.0.attn.c_proj.bias");
        assertThat(grouping.anchors()).doesNotContain("h.0.attn.c_attn.weight");
    }

    @Test
    void theStreamStaysWhereItsOrderIsSeen() throws Exception {
        gpt();
        assertThat(names(found(GPT.replace("GPT2LMHeadModel", "GPT2Model"))))
                .isEqualTo("attn0,mlp0,attn1,mlp1");
        with("h.0.extra", 8);
        assertThat(found(GPT).stays()).contains("residual stream: tensor 'h.0.extra' is not known");
    }

    @Test
    void anUnknownTensorOfAnAttentionLayerHoldsItsHeads() throws Exception {
        gpt();
        with("h.1.attn.table", 3, 2);

        assertThat(names(found(GPT))).isEqualTo("res,attn0,mlp0,mlp1");
    }

    @Test
    void rotaryPositionsAndSlopesHoldUnitsAndHeads() throws Exception {
        gpt();
        String turned = GPT.replace("\"n_head\"", "\"rope_theta\": 10000, \"n_head\"");
        Group.Heads heads = (Group.Heads) found(turned).groups().get(1);
        assertThat(heads.turned()).isTrue();
        assertThat(heads.fixed()).isFalse();
        String sloped = GPT.replace("\"n_head\"", "\"alibi\": true, \"n_head\"");
        heads = (Group.Heads) found(sloped).groups().get(1);
        assertThat(heads.turned()).isTrue();
        assertThat(heads.fixed()).isTrue();
    }

    /** A router reads the stream, and its rows name experts in their order. */
    @Test
    void expertsStayInOrderWhileTheirUnitsMove() throws Exception {
        gpt();
        for (int layer = 0; layer < 2; layer++) {
            String base = "h." + layer + ".mlp.";
            shapes.keySet().removeIf(name -> name.startsWith(base));
            with(base + "gate.weight", 2, 8);
            for (int expert = 0; expert < 2; expert++) {
                with(base + "experts." + expert + ".gate_proj.weight", 12, 8);
                with(base + "experts." + expert + ".up_proj.weight", 12, 8);
                with(base + "experts." + expert + ".down_proj.weight", 8, 12);
            }
        }
        Grouping grouping = found(GPT);

        assertThat(names(grouping))
                .isEqualTo(
                        "res,attn0,mlp0.mlp.experts.0,mlp0.mlp.experts.1,attn1,mlp1.mlp.experts.0,mlp1.mlp.experts.1");
        assertThat(grouping.anchors()).contains("h.0.mlp.gate.weight");
        assertThat(grouping.stays())
                .containsExactly(
                        "'h.0.mlp.experts': the order of experts is not matched",
                        "'h.1.mlp.experts': the order of experts is not matched");
    }

    @Test
    void fusedExpertsHoldTheStream() throws Exception {
        gpt();
        with("h.0.mlp.experts.gate_up_proj", 2, 20, 8).with("h.0.mlp.experts.down_proj", 2, 8, 10);

        Grouping grouping = found(GPT);

        assertThat(names(grouping)).isEqualTo("attn0,mlp0,attn1,mlp1");
        assertThat(grouping.stays())
                .anyMatch(why -> why.startsWith("residual stream: tensor 'h.0.mlp.experts."))
                .contains(
                        "'h.0.mlp.experts': neither their order nor the units inside fused experts are matched");
    }

    @Test
    void withoutTheirNumberHeadsStay() {
        gpt();

        Grouping grouping = GroupFinder.find(shapes, Optional.empty(), n -> n.contains(".c_"));

        assertThat(names(grouping)).isEqualTo("mlp0,mlp1");
        assertThat(String.join("\n", grouping.stays())).contains("does not say how many");
    }
}
