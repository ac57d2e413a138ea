package io.amalgam.internal.structure.moe;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.internal.recipe.MoeRecipe;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * The supported families of mixtures of experts: suitable dense models, tensor names and
 * configuration.
 */
enum MoeFamily {
    MIXTRAL("Mixtral", "mixtral", "MixtralForCausalLM", Set.of("llama", "mistral")),
    DEEPSEEK("DeepSeek MoE", "deepseek", "DeepseekForCausalLM", Set.of("llama", "mistral")),
    QWEN2("Qwen MoE", "qwen2_moe", "Qwen2MoeForCausalLM", Set.of("llama", "mistral", "qwen2")),
    QWEN3("Qwen3 MoE", "qwen3_moe", "Qwen3MoeForCausalLM", Set.of("qwen3"));

    private static final Set<String> EVERYWHERE =
            Set.of(
                    "input_layernorm.weight",
                    "post_attention_layernorm.weight",
                    "self_attn.q_proj.weight",
                    "self_attn.k_proj.weight",
                    "self_attn.v_proj.weight",
                    "self_attn.o_proj.weight",
                    "mlp.gate_proj.weight",
                    "mlp.up_proj.weight",
                    "mlp.down_proj.weight",
                    "self_attn.rotary_emb.inv_freq");

    /** Biases that {@link #QWEN2} has in any case: zeros where a model has none. */
    static final List<String> QWEN2_BIASES =
            List.of("self_attn.q_proj.", "self_attn.k_proj.", "self_attn.v_proj.");

    private final String title;
    private final String modelType;
    private final String architecture;

    @SuppressWarnings("ImmutableEnumChecker") // Made by Set.of.
    private final Set<String> dense;

    MoeFamily(String title, String modelType, String architecture, Set<String> dense) {
        this.title = title;
        this.modelType = modelType;
        this.architecture = architecture;
        this.dense = dense;
    }

    String title() {
        return title;
    }

    static List<String> titles() {
        List<String> titles = new ArrayList<>();
        for (MoeFamily family : values()) {
            titles.add(family.title);
        }
        return titles;
    }

    /** Whether a name that a recipe gives, or the beginning of one, means this family. */
    boolean isMeant(String name) {
        return title.toLowerCase(Locale.ROOT).startsWith(name.toLowerCase(Locale.ROOT));
    }

    /** Why models of this type cannot be made into the family as the recipe says; empty if so. */
    Optional<String> obstacle(MoeRecipe recipe, Set<String> modelTypes) {
        if (modelTypes.size() != 1 || !dense.containsAll(modelTypes)) {
            return Optional.of("is made from models of one type of " + sorted(dense));
        }
        int shared = recipe.shared().size();
        boolean prompts = recipe.shared().stream().anyMatch(e -> !e.positive().isEmpty());
        return switch (this) {
            case MIXTRAL ->
                    shared > 0
                            ? Optional.of("has no shared experts")
                            : recipe.every() > 1
                                    ? Optional.of("has experts in every layer")
                                    : Optional.empty();
            case QWEN3 -> shared > 0 ? Optional.of("has no shared experts") : Optional.empty();
            case DEEPSEEK ->
                    shared > 1 || prompts
                            ? Optional.of("has at most one shared expert, without prompts")
                            : Optional.empty();
            case QWEN2 ->
                    shared != 1 || (recipe.gateMode().prompted() && !prompts)
                            ? Optional.of(
                                    "has exactly one shared expert, with prompts unless gates are random")
                            : Optional.empty();
        };
    }

    private static String sorted(Set<String> names) {
        return String.join(", ", names.stream().sorted().toList());
    }

    /** Whether a layer's suffix, of a dense model, has a place in the family. */
    boolean hasPlace(String suffix) {
        boolean bias =
                this == QWEN2
                        && QWEN2_BIASES.stream().anyMatch(module -> suffix.equals(module + "bias"));
        boolean norm =
                this == QWEN3
                        && (suffix.equals("self_attn.q_norm.weight")
                                || suffix.equals("self_attn.k_norm.weight"));
        return EVERYWHERE.contains(suffix) || bias || norm;
    }

    /** Whether a layer has experts where one in so many has. */
    boolean hasExperts(int layer, int every) {
        return this == DEEPSEEK ? layer % every == 0 : (layer + 1) % every == 0;
    }

    /** Whether readers take all experts of a layer as one tensor. */
    boolean canBeFused() {
        return this != DEEPSEEK;
    }

    /** What comes before an expert's number. */
    private String parent(boolean fused) {
        return this == MIXTRAL && !fused ? "block_sparse_moe." : "mlp.";
    }

    String router(boolean fused) {
        return parent(fused) + "gate.weight";
    }

    /** Suffix of one expert's matrix. */
    String expert(int number, Projection projection) {
        String name = this == MIXTRAL ? projection.mixtral() : projection.module();
        return parent(false) + "experts." + number + "." + name + ".weight";
    }

    /** Suffix of a shared expert's matrix. */
    String sharedExpert(Projection projection) {
        String module = this == DEEPSEEK ? "mlp.shared_experts." : "mlp.shared_expert.";
        return module + projection.module() + ".weight";
    }

    /** The configuration of the mixture, made from the dense base's. */
    ObjectNode config(ObjectNode base, MoeRecipe recipe, boolean headless) {
        ObjectNode config = base.deepCopy();
        int experts = recipe.experts().size();
        config.putArray("architectures").add(architecture);
        config.put("model_type", modelType);
        config.remove("auto_map");
        config.put("num_experts_per_tok", recipe.expertsPerToken());
        if (headless) {
            config.put("tie_word_embeddings", true);
        }
        switch (this) {
            case MIXTRAL -> {
                config.put("num_local_experts", experts);
                config.putNull("sliding_window");
                config.remove("layer_types");
                config.put("output_router_logits", false);
                config.put("router_aux_loss_coef", 0.001);
                config.put("router_jitter_noise", 0.0);
            }
            case DEEPSEEK -> {
                config.put("n_routed_experts", experts);
                if (recipe.shared().isEmpty()) {
                    config.putNull("n_shared_experts");
                } else {
                    config.put("n_shared_experts", recipe.shared().size());
                }
                config.put("first_k_dense_replace", 0);
                config.put("moe_layer_freq", recipe.every());
                config.put("scoring_func", "softmax");
                config.put("norm_topk_prob", true);
                config.set("moe_intermediate_size", config.path("intermediate_size"));
                String code = "deepseek-ai/deepseek-moe-16b-base--";
                ObjectNode map = config.putObject("auto_map");
                map.put("AutoConfig", code + "configuration_deepseek.DeepseekConfig");
                map.put("AutoModel", code + "modeling_deepseek.DeepseekModel");
                map.put("AutoModelForCausalLM", code + "modeling_deepseek.DeepseekForCausalLM");
            }
            case QWEN2, QWEN3 -> {
                config.put("num_experts", experts);
                config.put("decoder_sparse_step", recipe.every());
                config.put("norm_topk_prob", true);
                config.putArray("mlp_only_layers");
                config.set("moe_intermediate_size", config.path("intermediate_size"));
                if (this == QWEN2) {
                    config.set("shared_expert_intermediate_size", config.path("intermediate_size"));
                    config.put("use_sliding_window", false);
                    config.remove("layer_types");
                }
            }
        }
        if (recipe.upcycled()) {
            AttentionWindows.keep(base, config, this);
        }
        return config;
    }

    /** A matrix of a feed-forward part. */
    enum Projection {
        GATE("gate_proj", "w1"),
        UP("up_proj", "w3"),
        DOWN("down_proj", "w2");

        private final String module;
        private final String mixtral;

        Projection(String module, String mixtral) {
            this.module = module;
            this.mixtral = mixtral;
        }

        String module() {
            return module;
        }

        String mixtral() {
            return mixtral;
        }

        /** Suffix in a dense model. */
        String dense() {
            return "mlp." + module + ".weight";
        }
    }
}
