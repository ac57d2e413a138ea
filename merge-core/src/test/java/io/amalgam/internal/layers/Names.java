package io.amalgam.internal.layers;

import java.util.ArrayList;
import java.util.List;

/** Tensor names as the models' own libraries save them. */
final class Names {
    private final List<String> names = new ArrayList<>();

    private Names() {}

    private Names add(String prefix, String... suffixes) {
        for (String suffix : suffixes) {
            names.add(prefix + suffix);
        }
        return this;
    }

    private Names one(String name) {
        names.add(name);
        return this;
    }

    /** {@code weight} and {@code bias} of each module. */
    private Names linear(String prefix, String... modules) {
        for (String module : modules) {
            add(prefix + module, ".weight", ".bias");
        }
        return this;
    }

    static List<String> llama(int layers) {
        Names all = new Names().one("model.embed_tokens.weight");
        for (int i = 0; i < layers; i++) {
            all.llamaAttention("model.layers." + i + ".")
                    .add(
                            "model.layers." + i + ".mlp.",
                            "gate_proj.weight",
                            "up_proj.weight",
                            "down_proj.weight");
        }
        return all.one("model.norm.weight").one("lm_head.weight").names;
    }

    private Names llamaAttention(String layer) {
        return add(
                layer,
                "input_layernorm.weight",
                "post_attention_layernorm.weight",
                "self_attn.q_proj.weight",
                "self_attn.k_proj.weight",
                "self_attn.v_proj.weight",
                "self_attn.o_proj.weight");
    }

    /** Llama's with biases, and the head tied to the embedding. */
    static List<String> qwen2(int layers) {
        List<String> names = new ArrayList<>(llama(layers));
        names.remove("lm_head.weight");
        for (int i = 0; i < layers; i++) {
            for (String projection : List.of("q", "k", "v")) {
                names.add("model.layers." + i + ".self_attn." + projection + "_proj.bias");
            }
        }
        return names;
    }

    static List<String> qwen3Moe(int layers, int experts) {
        Names all = new Names().one("model.embed_tokens.weight");
        for (int i = 0; i < layers; i++) {
            String layer = "model.layers." + i + ".";
            all.llamaAttention(layer)
                    .add(layer, "self_attn.q_norm.weight", "self_attn.k_norm.weight")
                    .add(layer, "mlp.gate.weight");
            for (int e = 0; e < experts; e++) {
                all.add(
                        layer + "mlp.experts." + e + ".",
                        "gate_proj.weight",
                        "up_proj.weight",
                        "down_proj.weight");
            }
        }
        return all.one("model.norm.weight").one("lm_head.weight").names;
    }

    /**
     * @param outer {@code transformer.} or nothing
     */
    static List<String> gpt2(String outer, int layers) {
        Names all = new Names().add(outer, "wte.weight", "wpe.weight");
        for (int i = 0; i < layers; i++) {
            String layer = outer + "h." + i + ".";
            all.linear(
                            layer,
                            "ln_1",
                            "ln_2",
                            "attn.c_attn",
                            "attn.c_proj",
                            "mlp.c_fc",
                            "mlp.c_proj")
                    .add(layer, "attn.bias", "attn.masked_bias");
        }
        return all.linear(outer, "ln_f").names;
    }

    static List<String> gptNeoX(int layers) {
        Names all = new Names().one("gpt_neox.embed_in.weight");
        for (int i = 0; i < layers; i++) {
            String layer = "gpt_neox.layers." + i + ".";
            all.linear(
                            layer,
                            "input_layernorm",
                            "post_attention_layernorm",
                            "attention.query_key_value",
                            "attention.dense",
                            "mlp.dense_h_to_4h",
                            "mlp.dense_4h_to_h")
                    .add(layer, "attention.bias", "attention.rotary_emb.inv_freq");
        }
        return all.linear("gpt_neox.", "final_layer_norm").one("embed_out.weight").names;
    }

    static List<String> bert(int layers) {
        Names all =
                new Names()
                        .add(
                                "bert.embeddings.",
                                "position_ids",
                                "word_embeddings.weight",
                                "position_embeddings.weight",
                                "token_type_embeddings.weight")
                        .add("bert.embeddings.LayerNorm.", "gamma", "beta");
        for (int i = 0; i < layers; i++) {
            all.linear(
                            "bert.encoder.layer." + i + ".",
                            "attention.self.query",
                            "attention.self.key",
                            "attention.self.value",
                            "attention.output.dense",
                            "intermediate.dense",
                            "output.dense")
                    .add(
                            "bert.encoder.layer." + i + ".",
                            "attention.output.LayerNorm.gamma",
                            "attention.output.LayerNorm.beta",
                            "output.LayerNorm.gamma",
                            "output.LayerNorm.beta");
        }
        return all.linear("bert.", "pooler.dense")
                .add("cls.predictions.", "bias", "decoder.weight", "transform.dense.weight")
                .names;
    }

    static List<String> t5(int layers) {
        Names all = new Names().one("shared.weight");
        for (int i = 0; i < layers; i++) {
            String block = "encoder.block." + i + ".layer.";
            all.add(block + "0.SelfAttention.", "q.weight", "k.weight", "v.weight", "o.weight")
                    .add(block, "0.layer_norm.weight", "1.layer_norm.weight")
                    .add(block + "1.DenseReluDense.", "wi_0.weight", "wi_1.weight", "wo.weight");
        }
        all.one("encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight")
                .one("encoder.final_layer_norm.weight");
        for (int i = 0; i < layers; i++) {
            String block = "decoder.block." + i + ".layer.";
            all.add(block + "0.SelfAttention.", "q.weight", "k.weight", "v.weight", "o.weight")
                    .add(
                            block + "1.EncDecAttention.",
                            "q.weight",
                            "k.weight",
                            "v.weight",
                            "o.weight")
                    .add(block, "0.layer_norm.weight", "1.layer_norm.weight", "2.layer_norm.weight")
                    .add(block + "2.DenseReluDense.", "wi_0.weight", "wi_1.weight", "wo.weight");
        }
        return all.one("decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight")
                .one("decoder.final_layer_norm.weight")
                .one("lm_head.weight")
                .names;
    }

    static List<String> vit(int layers) {
        Names all =
                new Names()
                        .add("vit.embeddings.", "cls_token", "position_embeddings")
                        .linear("vit.embeddings.", "patch_embeddings.projection");
        for (int i = 0; i < layers; i++) {
            all.linear(
                    "vit.encoder.layer." + i + ".",
                    "layernorm_before",
                    "layernorm_after",
                    "attention.attention.query",
                    "attention.attention.key",
                    "attention.attention.value",
                    "attention.output.dense",
                    "intermediate.dense",
                    "output.dense");
        }
        return all.linear("vit.", "layernorm").linear("", "classifier").names;
    }

    static List<String> whisper(int encoder, int decoder) {
        Names all =
                new Names()
                        .linear("model.encoder.", "conv1", "conv2")
                        .one("model.encoder.embed_positions.weight");
        for (int i = 0; i < encoder; i++) {
            all.whisperLayer("model.encoder.layers." + i + ".");
        }
        all.linear("model.encoder.", "layer_norm")
                .add("model.decoder.", "embed_tokens.weight", "embed_positions.weight");
        for (int i = 0; i < decoder; i++) {
            all.whisperLayer("model.decoder.layers." + i + ".")
                    .linear("model.decoder.layers." + i + ".", "encoder_attn_layer_norm")
                    .linear(
                            "model.decoder.layers." + i + ".encoder_attn.",
                            "q_proj",
                            "v_proj",
                            "out_proj");
        }
        return all.linear("model.decoder.", "layer_norm").one("proj_out.weight").names;
    }

    private Names whisperLayer(String layer) {
        return linear(layer + "self_attn.", "q_proj", "v_proj", "out_proj")
                .one(layer + "self_attn.k_proj.weight")
                .linear(layer, "self_attn_layer_norm", "fc1", "fc2", "final_layer_norm");
    }

    static List<String> mamba(int layers) {
        Names all = new Names().one("backbone.embeddings.weight");
        for (int i = 0; i < layers; i++) {
            all.add(
                    "backbone.layers." + i + ".",
                    "norm.weight",
                    "mixer.A_log",
                    "mixer.D",
                    "mixer.conv1d.weight",
                    "mixer.conv1d.bias",
                    "mixer.dt_proj.weight",
                    "mixer.dt_proj.bias",
                    "mixer.in_proj.weight",
                    "mixer.out_proj.weight",
                    "mixer.x_proj.weight");
        }
        return all.one("backbone.norm_f.weight").names;
    }

    static List<String> qwen2Vl(int vision, int layers) {
        Names all = new Names().one("visual.patch_embed.proj.weight");
        for (int i = 0; i < vision; i++) {
            all.linear(
                    "visual.blocks." + i + ".",
                    "norm1",
                    "norm2",
                    "attn.qkv",
                    "attn.proj",
                    "mlp.fc1",
                    "mlp.fc2");
        }
        // Two linear layers numbered 0 and 2 by the activation between them.
        all.linear("visual.merger.", "ln_q", "mlp.0", "mlp.2");
        all.names.addAll(qwen2(layers));
        return all.names;
    }

    /** A sentence-transformers directory's transformer, saved without its outer name. */
    static List<String> sentenceTransformer(int layers) {
        List<String> names = new ArrayList<>();
        for (String name : bert(layers)) {
            if (name.startsWith("bert.")) {
                names.add(
                        name.substring("bert.".length())
                                .replace("gamma", "weight")
                                .replace("beta", "bias"));
            }
        }
        return names;
    }

    /** A small classifier: numbers in the words, no layers. */
    static List<String> perceptron() {
        return new Names().linear("", "fc1", "fc2", "fc3").names;
    }

    /** {@code torch.nn.Sequential}: numbers that are steps, of one or two tensors each. */
    static List<String> sequential() {
        return new Names().linear("net.", "0", "2", "4").names;
    }
}
