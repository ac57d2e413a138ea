package io.amalgam.internal.formats.gguf;

import static org.assertj.core.api.Assertions.assertThat;

import io.amalgam.internal.formats.gguf.GgufNames.Name;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class GgufNamesTest {
    @ParameterizedTest
    @CsvSource({
        "LLAMA, model.embed_tokens.weight, token_embd.weight, NONE",
        "LLAMA, lm_head.weight, output.weight, NONE",
        "LLAMA, model.layers.10.self_attn.q_proj.weight, blk.10.attn_q.weight, QUERY_ROWS",
        "MISTRAL, model.layers.0.self_attn.k_proj.bias, blk.0.attn_k.bias, KEY_ROWS",
        "LLAMA, model.layers.0.post_attention_layernorm.weight, blk.0.ffn_norm.weight, NONE",
        "QWEN2, model.layers.3.self_attn.q_proj.bias, blk.3.attn_q.bias, NONE",
        "QWEN3, model.layers.3.self_attn.q_norm.weight, blk.3.attn_q_norm.weight, NONE",
        "GEMMA2, model.norm.weight, output_norm.weight, PLUS_ONE",
        "GEMMA2, model.layers.1.pre_feedforward_layernorm.weight, blk.1.ffn_norm.weight, PLUS_ONE",
        "GEMMA3, model.layers.1.self_attn.k_norm.weight, blk.1.attn_k_norm.weight, PLUS_ONE",
        "GEMMA3, model.layers.1.post_attention_layernorm.weight, blk.1.post_attention_norm.weight,"
                + " PLUS_ONE",
        "PHI3, model.layers.1.mlp.gate_up_proj.weight, blk.1.ffn_up.weight, NONE",
        "PHI3, model.layers.1.self_attn.qkv_proj.weight, blk.1.attn_qkv.weight, NONE",
        "BERT, encoder.layer.0.output.LayerNorm.bias, blk.0.layer_output_norm.bias, NONE",
        "BERT, embeddings.position_embeddings.weight, position_embd.weight, NONE",
        "ROBERTA, embeddings.position_embeddings.weight, position_embd.weight,"
                + " WITHOUT_PADDING_ROWS",
        "DISTILBERT, transformer.layer.5.ffn.lin2.weight, blk.5.ffn_down.weight, NONE",
    })
    void translatesBothWays(
            GgufArchitecture architecture, String huggingFace, String gguf, ValueChange change) {
        GgufNames names = GgufNames.of(architecture);
        assertThat(names.toGguf(huggingFace)).contains(new Name(gguf, change, -1));
        assertThat(names.toHuggingFace(gguf, 0)).containsExactly(new Name(huggingFace, change, -1));
    }

    @Test
    void expertsAreStacked() {
        GgufNames names = GgufNames.of(GgufArchitecture.MIXTRAL);
        String stack = "blk.2.ffn_down_exps.weight";
        String second = "model.layers.2.block_sparse_moe.experts.1.w2.weight";
        assertThat(names.toGguf(second)).contains(new Name(stack, ValueChange.NONE, 1));
        assertThat(names.toHuggingFace(stack, 2))
                .hasSize(2)
                .contains(new Name(second, ValueChange.NONE, 1));
        assertThat(names.toHuggingFace("blk.2.ffn_gate_inp.weight", 2)).hasSize(1);
    }

    @Test
    void namesOfOtherArchitecturesAreUnknown() {
        GgufNames names = GgufNames.of(GgufArchitecture.LLAMA);
        assertThat(names.toGguf("model.layers.0.self_attn.q_norm.weight")).isEmpty();
        assertThat(names.toGguf("model.layers.0.mlp.gate_up_proj.weight")).isEmpty();
        assertThat(names.toGguf("model.layers.0.self_attn.q_proj.scale")).isEmpty();
        assertThat(names.toHuggingFace("blk.0.attn_qkv.weight", 0)).isEmpty();
    }

    @Test
    void namesWithAndWithoutTheModelsPrefixAreOne() {
        assertThat(GgufNames.of(GgufArchitecture.BERT).toGguf("bert.embeddings.LayerNorm.weight"))
                .map(Name::name)
                .contains("token_embd_norm.weight");
        assertThat(GgufNames.of(GgufArchitecture.QWEN3).toGguf("layers.0.mlp.up_proj.weight"))
                .map(Name::name)
                .contains("blk.0.ffn_up.weight");
    }

    @Test
    void someTensorsHaveNoPlace() {
        GgufNames bert = GgufNames.of(GgufArchitecture.BERT);
        assertThat(bert.droppedByGguf("pooler.dense.weight")).isTrue();
        assertThat(bert.droppedByGguf("bert.pooler.dense.weight")).isTrue();
        assertThat(bert.droppedByGguf("cls.predictions.decoder.weight")).isTrue();
        assertThat(bert.droppedByGguf("embeddings.LayerNorm.weight")).isFalse();
        GgufNames llama = GgufNames.of(GgufArchitecture.LLAMA);
        assertThat(llama.droppedByGguf("model.layers.0.self_attn.rotary_emb.inv_freq")).isTrue();
        assertThat(llama.droppedByGguf("lm_head.weight")).isFalse();
        assertThat(GgufNames.madeByConverter("rope_freqs.weight")).isTrue();
        assertThat(GgufNames.madeByConverter("rope_factors_long.weight")).isTrue();
    }

    /** Eight rows of two heads: 0 2 | 1 3 are pairs in a head of four. */
    @Test
    void rowsOfHeadsAreInPairs() {
        HeadRows rows = new HeadRows(4);
        assertThat(List.of(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L))
                .extracting(rows::inHuggingFace)
                .containsExactly(0L, 2L, 1L, 3L, 4L, 6L, 5L, 7L);
        HeadRows eight = new HeadRows(8);
        assertThat(List.of(0L, 1L, 2L, 3L, 8L, 9L))
                .extracting(eight::inHuggingFace)
                .containsExactly(0L, 4L, 1L, 5L, 8L, 12L);
        for (long row = 0; row < 24; row++) {
            assertThat(eight.inGguf(eight.inHuggingFace(row))).isEqualTo(row);
        }
    }

    @ParameterizedTest
    @EnumSource
    void architecturesAreFoundByEitherName(GgufArchitecture architecture) {
        assertThat(GgufArchitecture.ofModelType(architecture.modelType())).contains(architecture);
        assertThat(GgufNames.of(architecture).toHuggingFace("token_embd.weight", 0)).hasSize(1);
    }

    @Test
    void filesThatShareANameAreToldApart() {
        assertThat(GgufArchitecture.ofFile("llama", false, false, "gpt2"))
                .contains(GgufArchitecture.LLAMA);
        assertThat(GgufArchitecture.ofFile("llama", true, false, ""))
                .contains(GgufArchitecture.MIXTRAL);
        assertThat(GgufArchitecture.ofFile("bert", false, true, "bert"))
                .contains(GgufArchitecture.BERT);
        assertThat(GgufArchitecture.ofFile("bert", false, false, "bert"))
                .contains(GgufArchitecture.DISTILBERT);
        assertThat(GgufArchitecture.ofFile("bert", false, true, "gpt2"))
                .contains(GgufArchitecture.ROBERTA);
        assertThat(GgufArchitecture.ofFile("clip", false, false, "")).isEmpty();
    }
}
