package io.amalgam.internal.layers;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TensorKindTest {
    /** Names of Llama, GPT-2, BERT, T5, Falcon, DeepSeek, Mixtral, Qwen, Whisper, diffusers. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    model.embed_tokens.weight | EMBEDDING
                    model.layers.0.self_attn.q_proj.weight | QUERY
                    model.layers.0.self_attn.q_proj.bias | QUERY
                    model.layers.0.self_attn.k_proj.weight | KEY
                    model.layers.0.self_attn.v_proj.weight | VALUE
                    model.layers.0.self_attn.o_proj.weight | OUT
                    model.layers.0.self_attn.q_norm.weight | NORM
                    model.layers.0.self_attn.sinks | ATTENTION
                    model.layers.0.mlp.gate_proj.weight | MLP
                    model.layers.0.mlp.down_proj.weight | MLP
                    model.layers.0.input_layernorm.weight | NORM
                    model.norm.weight | NORM
                    lm_head.weight | HEAD
                    transformer.wte.weight | EMBEDDING
                    transformer.wpe.weight | EMBEDDING
                    transformer.h.0.attn.c_attn.weight | FUSED
                    transformer.h.0.attn.c_proj.weight | OUT
                    transformer.h.0.mlp.c_proj.weight | MLP
                    transformer.h.0.ln_1.weight | NORM
                    transformer.ln_f.bias | NORM
                    bert.embeddings.word_embeddings.weight | EMBEDDING
                    bert.embeddings.LayerNorm.weight | NORM
                    bert.encoder.layer.0.attention.self.query.weight | QUERY
                    bert.encoder.layer.0.attention.output.dense.weight | OUT
                    bert.encoder.layer.0.attention.output.LayerNorm.gamma | NORM
                    bert.encoder.layer.0.intermediate.dense.weight | MLP
                    bert.encoder.layer.0.output.dense.weight | MLP
                    shared.weight | EMBEDDING
                    encoder.block.0.layer.0.SelfAttention.k.weight | KEY
                    encoder.block.0.layer.0.SelfAttention.o.weight | OUT
                    encoder.block.0.layer.1.DenseReluDense.wo.weight | MLP
                    encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight | ATTENTION
                    transformer.h.0.self_attention.query_key_value.weight | FUSED
                    transformer.h.0.self_attention.dense.weight | OUT
                    transformer.h.0.mlp.dense_h_to_4h.weight | MLP
                    model.layers.1.self_attn.kv_a_proj_with_mqa.weight | FUSED
                    model.layers.1.self_attn.q_b_proj.weight | QUERY
                    model.layers.1.mlp.gate.weight | ROUTER
                    model.layers.1.mlp.experts.3.up_proj.weight | MLP
                    model.layers.1.block_sparse_moe.gate.weight | ROUTER
                    model.layers.1.block_sparse_moe.experts.0.w1.weight | MLP
                    model.layers.1.mlp.shared_expert_gate.weight | ROUTER
                    model.decoder.layers.0.encoder_attn.out_proj.weight | OUT
                    model.decoder.layers.0.fc1.weight | MLP
                    layers.0.attention.wq.weight | QUERY
                    layers.0.attention.wo.weight | OUT
                    layers.0.feed_forward.w2.weight | MLP
                    down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.weight | QUERY
                    down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_out.0.weight | OUT
                    down_blocks.0.attentions.0.transformer_blocks.0.ff.net.0.proj.weight | MLP
                    vision_model.encoder.layers.0.self_attn.in_proj_weight | FUSED
                    backbone.layers.0.mixer.A_log | OTHER
                    fc1.weight | MLP
                    conv1.weight | OTHER
                    """)
    void isToldFromTheName(String name, TensorKind kind) {
        assertThat(TensorKind.of(name)).isEqualTo(kind);
    }
}
