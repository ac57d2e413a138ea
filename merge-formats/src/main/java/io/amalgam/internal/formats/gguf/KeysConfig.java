package io.amalgam.internal.formats.gguf;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * The config.json that the keys of a file give. What no key says is left to the defaults of
 * transformers: dropout and initial values, which inference does not use.
 */
public final class KeysConfig {
    private final GgufArchitecture architecture;
    private final GgufMetadata keys;
    private final Facts facts;
    private final ObjectNode config = JsonNodeFactory.instance.objectNode();

    /**
     * What the tensors of a file say of its configuration.
     *
     * @param head whether it has an output head of its own
     * @param vocabulary rows of the embedding
     * @param tokenTypes rows of the embedding of token types; 0 without
     * @param ropeFactors values of {@code rope_freqs.weight}; none if it is not there
     */
    public record Facts(
            boolean head, long vocabulary, long tokenTypes, Optional<float[]> ropeFactors) {}

    private KeysConfig(GgufArchitecture architecture, GgufMetadata keys, Facts facts) {
        this.architecture = architecture;
        this.keys = keys;
        this.facts = facts;
    }

    /** The configuration of a model with these keys. */
    public static ObjectNode of(GgufArchitecture architecture, GgufMetadata keys, Facts facts) {
        KeysConfig config = new KeysConfig(architecture, keys, facts);
        config.fill();
        return config.config;
    }

    private void fill() {
        config.putArray("architectures").add(architecture.modelClass());
        config.put("model_type", architecture.modelType());
        if (architecture == GgufArchitecture.DISTILBERT) {
            whole("n_layers", "block_count");
            whole("dim", "embedding_length");
            whole("hidden_dim", "feed_forward_length");
            whole("n_heads", "attention.head_count");
        } else {
            whole("num_hidden_layers", "block_count");
            whole("hidden_size", "embedding_length");
            whole("intermediate_size", "feed_forward_length");
            whole("num_attention_heads", "attention.head_count");
        }
        positions();
        config.put("vocab_size", facts.vocabulary());
        if (architecture.encoder()) {
            encoder();
        } else {
            decoder();
        }
        token("bos_token_id");
        token("eos_token_id");
        token("padding_token_id", "pad_token_id");
    }

    private void positions() {
        OptionalLong length = keys.whole(key("context_length"));
        // RoBERTa has rows of padding before those of text, which the file has not.
        long before =
                architecture == GgufArchitecture.ROBERTA
                        ? keys.whole("tokenizer.ggml.padding_token_id").orElse(1) + 1
                        : 0;
        length.ifPresent(value -> config.put("max_position_embeddings", value + before));
    }

    private void encoder() {
        config.put(
                architecture == GgufArchitecture.DISTILBERT ? "activation" : "hidden_act", "gelu");
        if (architecture != GgufArchitecture.DISTILBERT) {
            real("layer_norm_eps", "attention.layer_norm_epsilon");
            config.put("type_vocab_size", Math.max(1, facts.tokenTypes()));
        }
    }

    private void decoder() {
        boolean gemma = architecture.shiftedNorms();
        config.put(
                gemma ? "hidden_activation" : "hidden_act", gemma ? "gelu_pytorch_tanh" : "silu");
        whole("num_key_value_heads", "attention.head_count_kv");
        whole("head_dim", "attention.key_length");
        real("rms_norm_eps", "attention.layer_norm_rms_epsilon");
        real("rope_theta", "rope.freq_base");
        real("rope_local_base_freq", "rope.freq_base_swa");
        real("attn_logit_softcapping", "attn_logit_softcapping");
        real("final_logit_softcapping", "final_logit_softcapping");
        whole("num_local_experts", "expert_count");
        whole("num_experts_per_tok", "expert_used_count");
        OptionalLong window = keys.whole(key("attention.sliding_window"));
        if (window.isPresent() && window.getAsLong() > 0) {
            config.put("sliding_window", window.getAsLong());
        }
        if (gemma) {
            config.put("query_pre_attn_scalar", queryScale());
        }
        if (architecture == GgufArchitecture.QWEN2 || architecture == GgufArchitecture.QWEN3) {
            config.put("use_sliding_window", false);
        }
        scaling();
        config.put("tie_word_embeddings", !facts.head());
    }

    /** llama.cpp takes the length of a head, but of the largest model of each kind. */
    private long queryScale() {
        long layers = keys.whole(key("block_count")).orElse(0);
        boolean largest = layers == (architecture == GgufArchitecture.GEMMA2 ? 46 : 62);
        long heads = keys.whole(key("attention.head_count")).orElse(1);
        return largest
                ? keys.whole(key("embedding_length")).orElse(0) / Math.max(1, heads)
                : keys.whole(key("attention.key_length")).orElse(256);
    }

    private void scaling() {
        Optional<String> type = keys.text(key("rope.scaling.type")).filter(t -> !t.equals("none"));
        OptionalLong trained = keys.whole(key("rope.scaling.original_context_length"));
        if (architecture == GgufArchitecture.PHI3) {
            trained.ifPresent(value -> config.put("original_max_position_embeddings", value));
            return;
        }
        if (type.isPresent()) {
            ObjectNode scaling = config.putObject("rope_scaling");
            scaling.put("rope_type", type.get());
            real(scaling, "factor", "rope.scaling.factor");
            trained.ifPresent(value -> scaling.put("original_max_position_embeddings", value));
            real(scaling, "attention_factor", "rope.scaling.yarn_attn_factor");
            real(scaling, "beta_fast", "rope.scaling.yarn_beta_fast");
            real(scaling, "beta_slow", "rope.scaling.yarn_beta_slow");
        }
        ropeFactors().ifPresent(this::llama3);
    }

    private void llama3(RopeFactors.Llama3 found) {
        ObjectNode scaling = config.putObject("rope_scaling");
        scaling.put("rope_type", "llama3");
        scaling.put("factor", found.factor());
        scaling.put("low_freq_factor", 1.0);
        scaling.put("high_freq_factor", 4.0);
        scaling.put("original_max_position_embeddings", found.trained());
    }

    private Optional<RopeFactors.Llama3> ropeFactors() {
        double base = keys.real(key("rope.freq_base")).orElse(10000);
        return facts.ropeFactors().flatMap(factors -> RopeFactors.settings(factors, base));
    }

    /** Whether the factors of a file's rotary frequencies come of the usual settings. */
    public static boolean knowsFactors(
            GgufArchitecture architecture, GgufMetadata keys, float[] factors) {
        double base = keys.real(architecture.gguf() + ".rope.freq_base").orElse(10000);
        return RopeFactors.settings(factors, base).isPresent();
    }

    private String key(String rest) {
        return architecture.gguf() + "." + rest;
    }

    private void whole(String setting, String rest) {
        keys.whole(key(rest)).ifPresent(value -> config.put(setting, value));
    }

    private void real(String setting, String rest) {
        real(config, setting, rest);
    }

    /** The shortest decimal number that is this float32. */
    private void real(ObjectNode target, String setting, String rest) {
        OptionalDouble value = keys.real(key(rest));
        if (value.isPresent()) {
            target.put(setting, Double.parseDouble(Float.toString((float) value.getAsDouble())));
        }
    }

    private void token(String name) {
        token(name, name);
    }

    private void token(String name, String setting) {
        keys.whole("tokenizer.ggml." + name).ifPresent(value -> config.put(setting, value));
    }
}
