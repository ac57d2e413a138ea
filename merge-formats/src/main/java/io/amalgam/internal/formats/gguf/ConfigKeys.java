package io.amalgam.internal.formats.gguf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;

/**
 * The keys that a configuration gives, with the names, types and order of llama.cpp's converter.
 * Those of the tokenizer are apart: {@link TokenizerKeys}.
 */
final class ConfigKeys {
    private final GgufArchitecture architecture;
    private final ModelSettings config;
    private final RopeSettings rope;
    private final int fileType;
    private final KeyList keys;

    private ConfigKeys(
            GgufArchitecture architecture, ObjectNode config, int fileType, KeyList keys) {
        this.architecture = architecture;
        this.config = ModelSettings.of(config);
        this.rope = RopeSettings.of(config);
        this.fileType = fileType;
        this.keys = keys;
    }

    /**
     * Adds the keys of a model's configuration.
     *
     * @param fileType the number of the type that most tensors are stored in
     * @throws BadInputException if a setting that GGUF needs is missing
     */
    static void add(GgufArchitecture architecture, ObjectNode config, int fileType, KeyList keys) {
        new ConfigKeys(architecture, config, fileType, keys).add();
    }

    private void add() {
        switch (architecture) {
            case GEMMA2 -> gemma2();
            case PHI3 -> phi3();
            case DISTILBERT -> {
                keys.real(key("attention.layer_norm_epsilon"), 1e-12);
                common();
                keys.flag(key("attention.causal"), false);
            }
            case BERT, ROBERTA -> {
                common();
                keys.flag(key("attention.causal"), false);
            }
            case LLAMA, MISTRAL, MIXTRAL -> {
                common();
                keys.whole(key("vocab_size"), config.needed("vocab_size"));
                keys.whole(key("rope.dimension_count"), headLength());
            }
            case GEMMA3 -> {
                common();
                keys.real(key("final_logit_softcapping"), config.real("final_logit_softcapping"));
                if (config.whole("sliding_window_pattern").orElse(0L) != 1) {
                    keys.whole(key("attention.sliding_window"), config.needed("sliding_window"));
                }
            }
            case QWEN2, QWEN3 -> common();
        }
    }

    private String key(String rest) {
        return architecture.gguf() + "." + rest;
    }

    private void common() {
        keys.whole(key("block_count"), config.needed("num_hidden_layers", "n_layers"));
        keys.whole(key("context_length"), contextLength());
        keys.whole(key("embedding_length"), config.needed("hidden_size", "dim"));
        keys.whole(key("feed_forward_length"), config.needed("intermediate_size", "hidden_dim"));
        keys.whole(key("attention.head_count"), heads());
        keys.whole(key("attention.head_count_kv"), config.whole("num_key_value_heads"));
        if (!architecture.encoder()) {
            scaling();
            keys.real(key("rope.freq_base"), rope.base());
            keys.real(key("rope.freq_base_swa"), rope.localBase());
        }
        keys.real(key("attention.layer_norm_rms_epsilon"), config.real("rms_norm_eps"));
        keys.real(key("attention.layer_norm_epsilon"), config.real("layer_norm_eps"));
        keys.whole(key("expert_count"), config.whole("num_local_experts"));
        keys.whole(key("expert_used_count"), config.whole("num_experts_per_tok"));
        keys.whole(key("attention.key_length"), config.whole("head_dim"));
        keys.whole(key("attention.value_length"), config.whole("head_dim"));
        keys.whole("general.file_type", fileType);
    }

    private void gemma2() {
        keys.whole(key("context_length"), contextLength());
        keys.whole(key("embedding_length"), config.needed("hidden_size"));
        keys.whole(key("block_count"), config.needed("num_hidden_layers"));
        keys.whole(key("feed_forward_length"), config.needed("intermediate_size"));
        keys.whole(key("attention.head_count"), heads());
        keys.whole(
                key("attention.head_count_kv"),
                config.whole("num_key_value_heads").orElse(heads()));
        keys.real(key("attention.layer_norm_rms_epsilon"), config.real("rms_norm_eps"));
        keys.whole(key("attention.key_length"), config.needed("head_dim"));
        keys.whole(key("attention.value_length"), config.needed("head_dim"));
        keys.whole("general.file_type", fileType);
        keys.real(key("attn_logit_softcapping"), config.real("attn_logit_softcapping"));
        keys.real(key("final_logit_softcapping"), config.real("final_logit_softcapping"));
        keys.whole(key("attention.sliding_window"), config.needed("sliding_window"));
    }

    private void phi3() {
        long trained =
                rope.trainedLength().orElseGet(() -> config.needed("max_position_embeddings"));
        keys.whole(key("context_length"), contextLength());
        keys.whole(key("rope.scaling.original_context_length"), trained);
        keys.whole(key("embedding_length"), config.needed("hidden_size"));
        keys.whole(key("feed_forward_length"), config.needed("intermediate_size"));
        keys.whole(key("block_count"), config.needed("num_hidden_layers"));
        keys.whole(key("attention.head_count"), heads());
        keys.whole(key("attention.head_count_kv"), config.needed("num_key_value_heads"));
        keys.real(key("attention.layer_norm_rms_epsilon"), config.real("rms_norm_eps"));
        keys.whole(key("rope.dimension_count"), RopeFactors.rotatedLength(config, rope));
        keys.real(key("rope.freq_base"), rope.base());
        keys.whole("general.file_type", fileType);
        keys.whole(key("attention.sliding_window"), config.whole("sliding_window").orElse(0L));
        if (rope.hasFactors()) {
            keys.real(
                    key("rope.scaling.attn_factor"),
                    RopeFactors.attentionFactor(rope.type(), contextLength(), trained));
        }
    }

    /** Positions begin behind the padding's in RoBERTa: fewer are for text. */
    private long contextLength() {
        long positions = config.needed("max_position_embeddings");
        return architecture == GgufArchitecture.ROBERTA
                ? positions - config.whole("pad_token_id").map(pad -> pad + 1).orElse(0L)
                : positions;
    }

    private long heads() {
        return config.needed("num_attention_heads", "n_heads");
    }

    private long headLength() {
        return config.whole("head_dim").orElseGet(() -> config.needed("hidden_size") / heads());
    }

    private void scaling() {
        String type = rope.type();
        switch (type) {
            case "default", "dynamic", "llama3" -> {
                // Nothing in the keys: factors of llama3 are a tensor, dynamic ones are warned of.
            }
            case "linear" -> {
                keys.text(key("rope.scaling.type"), "linear");
                keys.real(key("rope.scaling.factor"), rope.all().real("factor"));
            }
            case "yarn" -> {
                keys.text(key("rope.scaling.type"), "yarn");
                keys.real(key("rope.scaling.factor"), rope.all().real("factor"));
                keys.whole(key("rope.scaling.original_context_length"), rope.trainedLength());
                keys.real(
                        key("rope.scaling.yarn_ext_factor"),
                        rope.all().real("extrapolation_factor"));
                keys.real(
                        key("rope.scaling.yarn_attn_factor"),
                        rope.all().real("attention_factor", "attn_factor"));
                keys.real(key("rope.scaling.yarn_beta_fast"), rope.all().real("beta_fast"));
                keys.real(key("rope.scaling.yarn_beta_slow"), rope.all().real("beta_slow"));
            }
            default ->
                    throw new BadInputException(
                            Problem.expected(
                                            "scaling of rotary positions in config.json",
                                            "default, linear, yarn, llama3 or dynamic",
                                            "'" + type + "'")
                                    .hint("this cannot be written as GGUF of this architecture"));
        }
    }
}
