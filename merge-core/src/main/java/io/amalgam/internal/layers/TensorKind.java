package io.amalgam.internal.layers;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** What a tensor does in a network, told from the words in its name. */
public enum TensorKind {
    EMBEDDING("embedding"),
    NORM("norm"),
    QUERY("q"),
    KEY("k"),
    VALUE("v"),
    /** Queries, keys and values in one tensor, or two of them. */
    FUSED("qkv"),
    OUT("o"),
    /** Of attention, and none of the others. */
    ATTENTION("attention"),
    ROUTER("router"),
    MLP("mlp"),
    HEAD("head"),
    OTHER("other");

    private static final Pattern LAYER_NORM = Pattern.compile("ln(_\\w+|\\d)?");
    private static final Set<String> QUERIES =
            Set.of(
                    "q",
                    "q_proj",
                    "q_lin",
                    "q_a_proj",
                    "q_b_proj",
                    "query",
                    "to_q",
                    "wq",
                    "linear_q",
                    "attn_q");
    private static final Set<String> KEYS =
            Set.of("k", "k_proj", "k_lin", "key", "to_k", "wk", "linear_k", "attn_k");
    private static final Set<String> VALUES =
            Set.of("v", "v_proj", "v_lin", "value", "to_v", "wv", "linear_v", "attn_v");
    private static final Set<String> FUSIONS =
            Set.of(
                    "qkv",
                    "qkv_proj",
                    "kv_proj",
                    "kv_a_proj_with_mqa",
                    "kv_b_proj",
                    "kv_a_proj",
                    "query_key_value",
                    "c_attn",
                    "wqkv",
                    "to_qkv",
                    "to_kv",
                    "in_proj_weight",
                    "in_proj_bias",
                    "attn_qkv");
    private static final Set<String> OUTS =
            Set.of(
                    "o",
                    "o_proj",
                    "out_proj",
                    "out_lin",
                    "to_out",
                    "wo",
                    "c_proj",
                    "dense",
                    "linear_out",
                    "proj",
                    "projection_layer",
                    "attn_output");
    private static final Set<String> ROUTERS = Set.of("router", "gate", "shared_expert_gate");
    private static final List<String> ATTENTIONS = List.of("attn", "attention");
    private static final List<String> FEED_FORWARD =
            List.of(
                    "mlp",
                    "ffn",
                    "feed_forward",
                    "feedforward",
                    "densereludense",
                    "intermediate",
                    "expert",
                    "moe");
    private static final Set<String> MLPS =
            Set.of(
                    "ff",
                    "fc1",
                    "fc2",
                    "gate_proj",
                    "up_proj",
                    "down_proj",
                    "gate_up_proj",
                    "w1",
                    "w2",
                    "w3",
                    "wi",
                    "wi_0",
                    "wi_1",
                    "c_fc",
                    "lin1",
                    "lin2",
                    "dense_h_to_4h",
                    "dense_4h_to_h");

    private final String label;

    TensorKind(String label) {
        this.label = label;
    }

    /** How tables call it. */
    public String label() {
        return label;
    }

    /** The kind of a tensor of this name. */
    public static TensorKind of(String name) {
        if (NonLayerTensors.isHead(name)) {
            return HEAD;
        }
        if (NonLayerTensors.isEmbedding(name)) {
            return EMBEDDING;
        }
        List<String> words = List.of(name.toLowerCase(Locale.ROOT).split("\\.", -1));
        if (words.stream().anyMatch(TensorKind::isNorm)) {
            return NORM;
        }
        boolean attends = has(words, ATTENTIONS);
        boolean feeds = has(words, FEED_FORWARD) || words.stream().anyMatch(MLPS::contains);
        if (!feeds) {
            TensorKind projection = projection(words, attends);
            if (projection != OTHER) {
                return projection;
            }
        }
        if (feeds) {
            return words.stream().anyMatch(ROUTERS::contains) ? ROUTER : MLP;
        }
        if (attends) {
            return ATTENTION;
        }
        // As in BERT: after the intermediate layer.
        if (words.contains("output") && words.contains("dense")) {
            return MLP;
        }
        return words.stream()
                        .anyMatch(w -> w.contains("embed") || w.equals("wte") || w.equals("wpe"))
                ? EMBEDDING
                : OTHER;
    }

    private static TensorKind projection(List<String> words, boolean attends) {
        if (words.stream().anyMatch(QUERIES::contains)) {
            return QUERY;
        }
        if (words.stream().anyMatch(KEYS::contains)) {
            return KEY;
        }
        if (words.stream().anyMatch(VALUES::contains)) {
            return VALUE;
        }
        if (words.stream().anyMatch(FUSIONS::contains)) {
            return FUSED;
        }
        boolean out = words.stream().anyMatch(OUTS::contains);
        return out && (attends || words.contains("o_proj")) ? OUT : OTHER;
    }

    private static boolean isNorm(String word) {
        return word.contains("norm") || LAYER_NORM.matcher(word).matches();
    }

    private static boolean has(List<String> words, List<String> parts) {
        return words.stream().anyMatch(word -> parts.stream().anyMatch(word::contains));
    }
}
