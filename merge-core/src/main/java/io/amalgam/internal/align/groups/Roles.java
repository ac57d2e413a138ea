package io.amalgam.internal.align.groups;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** What a module does in a transformer, by the words in its name. */
enum Roles {
    QUERY,
    KEY,
    VALUE,
    QKV,
    OUTPUT,
    UP,
    GATE_UP,
    DOWN,
    ROUTER;

    /** The part of a name from which on all belongs to an attention layer. */
    static final Pattern ATTENTION = Pattern.compile("(?i).*(attn|attention).*");

    private static final Map<Roles, Set<String>> IN_ATTENTION =
            Map.of(
                    QUERY, Set.of("q_proj", "query", "wq", "q_lin", "q", "to_q"),
                    KEY, Set.of("k_proj", "key", "wk", "k_lin", "k", "to_k"),
                    VALUE, Set.of("v_proj", "value", "wv", "v_lin", "v", "to_v"),
                    QKV, Set.of("c_attn", "qkv_proj", "query_key_value", "Wqkv", "qkv", "W_pack"),
                    OUTPUT,
                            Set.of(
                                    "o_proj",
                                    "out_proj",
                                    "wo",
                                    "out_lin",
                                    "o",
                                    "c_proj",
                                    "dense",
                                    "proj"));

    private static final Map<Roles, Set<String>> IN_MLP =
            Map.of(
                    UP,
                            Set.of(
                                    "gate_proj",
                                    "up_proj",
                                    "w1",
                                    "w3",
                                    "fc1",
                                    "c_fc",
                                    "fc_in",
                                    "intermediate.dense",
                                    "dense_h_to_4h",
                                    "lin1",
                                    "wi",
                                    "wi_0",
                                    "wi_1"),
                    GATE_UP, Set.of("gate_up_proj"),
                    DOWN,
                            Set.of(
                                    "down_proj",
                                    "w2",
                                    "fc2",
                                    "c_proj",
                                    "fc_out",
                                    "output.dense",
                                    "dense_4h_to_h",
                                    "lin2",
                                    "wo"),
                    ROUTER, Set.of("gate", "router", "shared_expert_gate"));

    /** The role of a module inside an attention layer. */
    static Optional<Roles> inAttention(String module) {
        return IN_ATTENTION.entrySet().stream()
                .filter(role -> role.getValue().contains(Modules.leaf(module)))
                .map(Map.Entry::getKey)
                .findFirst();
    }

    /** The words of a name that say its role in a feed-forward layer. */
    record Named(Roles role, String words) {}

    static Optional<Named> inMlp(String module) {
        for (Map.Entry<Roles, Set<String>> role : IN_MLP.entrySet()) {
            for (String words : role.getValue()) {
                if (module.equals(words) || module.endsWith("." + words)) {
                    return Optional.of(new Named(role.getKey(), words));
                }
            }
        }
        return Optional.empty();
    }

    private static final Pattern NORM = Pattern.compile("(?i).*(norm|(^|[._])ln).*");

    static boolean isNorm(String module) {
        return NORM.matcher(module).matches() || isScale(module);
    }

    private static boolean isScale(String module) {
        return module.contains("layer_scale") || module.contains("layerscale");
    }

    private static final Pattern FEED_FORWARD = Pattern.compile("(?i).*(mlp|feed_forward|ffn).*");

    /** Whether a module of a layer is within its feed-forward part. */
    static boolean isWithinMlp(String module) {
        return FEED_FORWARD.matcher(Modules.parent(module)).matches();
    }

    private static final Pattern EMBEDDING =
            Pattern.compile(
                    "(?i).*(embed|(^|\\.)wte|(^|\\.)wpe|cls_token|mask_token|distillation_token).*");

    static boolean isEmbedding(String tensor) {
        return EMBEDDING.matcher(tensor).matches() && !isPatch(tensor);
    }

    static boolean isPatch(String tensor) {
        return tensor.contains("patch") || tensor.contains("conv_proj");
    }

    private static final Set<String> HEADS =
            Set.of(
                    "lm_head",
                    "embed_out",
                    "classifier",
                    "score",
                    "decoder",
                    "head",
                    "output",
                    "qa_outputs",
                    "seq_relationship",
                    "cls_classifier",
                    "distillation_classifier");

    static boolean isHead(String module) {
        return HEADS.contains(Modules.leaf(module));
    }

    /** Whether a bias has one number for each class or token. */
    static boolean isBiasOfHead(String module) {
        return isHead(module)
                || module.endsWith("predictions")
                || module.endsWith("classifier.out_proj");
    }

    private static final List<String> POOLERS =
            List.of("pooler.dense", "pre_classifier", "classifier.dense");

    /** Whether a module reads the first token's state, for a head. */
    static boolean isPooler(String module) {
        return POOLERS.stream().anyMatch(p -> module.equals(p) || module.endsWith("." + p));
    }

    /** What is computed between stream and head: dense layers with a norm. */
    private static final List<String> TRANSFORMS =
            List.of("transform.dense", "lm_head.dense", "vocab_transform", "head.dense");

    static boolean isTransform(String module) {
        return TRANSFORMS.stream().anyMatch(t -> module.equals(t) || module.endsWith("." + t));
    }

    private static final List<String> TRANSFORM_NORMS =
            List.of("transform.LayerNorm", "lm_head.layer_norm", "vocab_layer_norm", "head.norm");

    static boolean isTransformNorm(String module) {
        return TRANSFORM_NORMS.stream().anyMatch(t -> module.equals(t) || module.endsWith("." + t));
    }
}
