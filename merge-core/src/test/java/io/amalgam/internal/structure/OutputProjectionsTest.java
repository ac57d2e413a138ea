package io.amalgam.internal.structure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.amalgam.tensor.DType;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OutputProjectionsTest {
    private static List<String> filters(String prefix, String suffixes) {
        HeaderOnly model = new HeaderOnly("m");
        for (int i = 0; i < 2; i++) {
            for (String suffix : suffixes.split(" ")) {
                model.tensor(prefix + i + "." + suffix, 4, 4);
            }
        }
        return OutputProjections.filters(model, "m");
    }

    @ParameterizedTest
    @CsvSource({
        "model.layers., self_attn.q_proj.weight self_attn.o_proj.weight mlp.down_proj.weight, .self_attn.o_proj. .mlp.down_proj.",
        "transformer.h., attn.c_attn.weight attn.c_proj.weight attn.c_proj.bias mlp.c_fc.weight mlp.c_proj.weight, .attn.c_proj. .mlp.c_proj.",
        "transformer.h., attn.c_proj.weight mlp.w1.weight mlp.w2.weight mlp.c_proj.weight, .attn.c_proj. .mlp.c_proj.",
        "gpt_neox.layers., attention.dense.weight mlp.dense_h_to_4h.weight mlp.dense_4h_to_h.weight, .attention.dense. .mlp.dense_4h_to_h.",
        "bert.encoder.layer., attention.self.query.weight attention.output.dense.weight intermediate.dense.weight output.dense.weight, .attention.output.dense. .output.dense.",
        "model.layers., self_attn.o_proj.weight block_sparse_moe.experts.0.w1.weight block_sparse_moe.experts.0.w2.weight, .self_attn.o_proj. .block_sparse_moe.experts.0.w2.",
        "model.layers., self_attn.o_proj.weight mlp.experts.gate_up_proj mlp.experts.down_proj, .self_attn.o_proj. .mlp.experts.down_proj",
        "layers., attention.wo.weight feed_forward.w1.weight feed_forward.w2.weight, .attention.wo. .feed_forward.w2.",
        "model.decoder.layers., self_attn.out_proj.weight fc1.weight fc2.bias, .self_attn.out_proj. .fc2."
    })
    void everyNaming(String prefix, String suffixes, String filters) {
        assertThat(filters(prefix, suffixes)).isEqualTo(Arrays.asList(filters.split(" ")));
    }

    @Test
    void whereDampingCannotBe() {
        assertThatThrownBy(() -> filters("h.", "a.weight b.weight c.weight d.weight"))
                .hasMessage(
                        "output projections in the layers of model 'm': expected matrices such as 'o_proj' and 'down_proj', got none; leave out DepthUpscaling.damp");
        assertThatThrownBy(
                        () ->
                                filters(
                                        "model.layers.",
                                        "self_attn.o_proj.weight post_feedforward_layernorm.weight"))
                .hasMessage(
                        "damping has no effect on model 'm': its layers normalise what the projections give ('post_feedforward_layernorm'); leave out DepthUpscaling.damp");
        HeaderOnly packed = new HeaderOnly("m");
        packed.tensor("h.0.mlp.down_proj.weight", DType.U8, 4, 4);
        assertThatThrownBy(() -> OutputProjections.filters(packed, "m"))
                .hasMessageContaining("got quantised ones");
    }
}
