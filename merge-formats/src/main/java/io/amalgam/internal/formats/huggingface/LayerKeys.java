package io.amalgam.internal.formats.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The table of all known settings about layers. A setting that is not here and looks as if it spoke
 * of layers is warned about: see {@link LayerMentions}.
 */
final class LayerKeys {
    /** How a setting speaks of layers. */
    enum Role {
        /** How many there are. */
        COUNT,
        /** A value for each layer; a shorter list repeats. */
        PER_LAYER,
        /** Numbers of the layers that are of a kind. */
        NUMBERS,
        /** Numbers of layers, each with a tensor of its own elsewhere, in this order. */
        PLACES,
        /** How many of the first layers are of a kind. */
        FIRST,
        /** How many of the last layers are of a kind. */
        LAST,
        /** The first layer of a kind. */
        START,
        /** The last layer of a kind; -1 is the last of all. */
        END,
        /** Every so many layers. */
        PERIOD,
        /** Where in the period; read with it. */
        OFFSET,
        /** An object whose keys are layer numbers. */
        KEYED,
        /** Layers behind the last one. */
        EXTRA,
        /** Counts hidden states: from the end where negative, and then true of any stack. */
        STATE,
        /** Makes what a layer computes depend on its number or on how many there are. */
        BY_DEPTH,
        /** Has nothing to do with which layers there are. */
        FREE,
        UNKNOWN
    }

    static final List<String> COUNTS =
            List.of("num_hidden_layers", "n_layer", "n_layers", "num_layers", "depth");

    /** Lists that are as long as there are layers where no setting counts these. */
    private static final Set<String> COUNTING = Set.of("layers_block_type", "block_configs");

    private static final Map<Role, Set<String>> NAMES =
            Map.ofEntries(
                    Map.entry(Role.COUNT, Set.copyOf(COUNTS)),
                    Map.entry(
                            Role.PER_LAYER,
                            Set.of(
                                    "activation_sparsity_pattern",
                                    "attention_layers",
                                    "attn_type_list",
                                    "block_configs",
                                    "block_types",
                                    "ffn_multipliers",
                                    "hybrid_override_pattern",
                                    "indexer_types",
                                    "intermediate_size",
                                    "layer_rope_theta",
                                    "layers_num_experts",
                                    "moe_layer_freq",
                                    "no_rope_layers",
                                    "num_attention_heads",
                                    "num_key_value_heads",
                                    "num_key_value_heads_per_layer",
                                    "num_kv_heads",
                                    "num_query_heads",
                                    "partial_rotary_factors",
                                    "sliding_window_pattern",
                                    "swiglu_limits",
                                    "swiglu_limits_shared",
                                    "window_attention_pattern")),
                    Map.entry(
                            Role.NUMBERS,
                            Set.of(
                                    "attn_layer_idx",
                                    "attn_layer_indices",
                                    "cross_attention_layers",
                                    "full_attn_idxs",
                                    "full_attention_idxs",
                                    "fullatt_block_indexes",
                                    "global_attn_idx",
                                    "global_attn_indexes",
                                    "hybrid_layer_ids",
                                    "mlp_only_layers",
                                    "moe_layers",
                                    "moe_layers_enum",
                                    "ple_layer_ids",
                                    "rope_scaling_layers",
                                    "window_block_indices")),
                    Map.entry(Role.PLACES, Set.of("deepstack_visual_indexes")),
                    Map.entry(
                            Role.FIRST,
                            Set.of(
                                    "first_k_dense_replace",
                                    "max_window_layers",
                                    "num_dense_layers",
                                    "num_hash_layers")),
                    Map.entry(
                            Role.LAST,
                            Set.of("num_kv_shared_layers", "num_last_full_attention_layers")),
                    Map.entry(Role.START, Set.of("moe_layer_start_index")),
                    Map.entry(Role.END, Set.of("moe_layer_end_index")),
                    Map.entry(
                            Role.PERIOD,
                            Set.of(
                                    "_sliding_window_pattern",
                                    "attn_layer_period",
                                    "cross_layer_interval",
                                    "decoder_sparse_step",
                                    "expert_layer_period",
                                    "full_attention_interval",
                                    "global_attn_every_n_layers",
                                    "interleave_moe_layer_step",
                                    "moe_every_n_layers",
                                    "moe_layer_interval",
                                    "no_rope_layer_interval")),
                    Map.entry(Role.OFFSET, Set.of("attn_layer_offset", "expert_layer_offset")),
                    Map.entry(Role.KEYED, Set.of("per_layer_config")),
                    Map.entry(
                            Role.EXTRA,
                            Set.of(
                                    "mtp_num_hidden_layers",
                                    "mtp_num_layers",
                                    "num_mtp_layers",
                                    "num_mtp_modules",
                                    "num_nextn_predict_layers")),
                    Map.entry(
                            Role.STATE,
                            Set.of(
                                    "feature_layer",
                                    "mm_vision_select_layer",
                                    "select_layer",
                                    "vision_feature_layer",
                                    "vision_select_layer")),
                    Map.entry(
                            Role.BY_DEPTH,
                            Set.of(
                                    "lambda_std_dev",
                                    "linear_attn_alpha_factor",
                                    "scale_attn_by_inverse_layer_idx",
                                    "scale_depth")));

    /** Names with a word for layers in them, of settings that hold for every order of layers. */
    private static final Pattern FREE =
            Pattern.compile(
                    ".*layer_?norm.*|.*layer_?drop.*|.*layer_?scale.*|.*_token_index|.*_token_id.*"
                            + "|.*ignore_index|.*_per_layer_input|.*_start_id|.*_end_id|time_step.*"
                            + "|mtp_.*|block_(size|auto_adjust_ff_dim|ffn_dim_multiplier|multiple_of)"
                            + "|.*block_size|resblock_.*|position_.*|n(um)?_shared_experts|.*shared_expert.*"
                            + "|.*shared_intermediate.*|index_.*|rescale_every|summary_.*|.*_stages?"
                            + "|max_period|.*freq(uency)?_base|.*_base_freq|.*mem_blocks"
                            + "|.*(projector|adapter|resampler|connector|predictor|prenet|postnet|conv|proj|lstm)_(layers|depth)"
                            + "|num_(conv|adapter|feat_extract)_layers|(id2|label2).*|output_hidden_states");

    private LayerKeys() {}

    static Role role(String key) {
        for (Map.Entry<Role, Set<String>> names : NAMES.entrySet()) {
            if (names.getValue().contains(key)) {
                return names.getKey();
            }
        }
        if (FREE.matcher(key).matches()) {
            return Role.FREE;
        }
        if (key.endsWith("layer_types") || key.endsWith("layers_block_type")) {
            return Role.PER_LAYER;
        }
        return Role.UNKNOWN;
    }

    /**
     * As {@link #role(String)}; names that hold numbers or lists mean a different thing by them.
     */
    static Role role(String key, JsonNode value) {
        Role role = role(key);
        if (role == Role.PER_LAYER && value.isInt()) {
            return isPeriod(key) ? Role.PERIOD : Role.FREE;
        }
        return role;
    }

    private static boolean isPeriod(String key) {
        return key.equals("sliding_window_pattern") || key.equals("moe_layer_freq");
    }

    /** Whether a list of this name says how many layers there are. */
    static boolean counts(String key) {
        return COUNTING.contains(key);
    }

    /**
     * Which layer of each period is another than the rest, counted from 0; empty if it is not
     * known, and then each place of the period is one of its own.
     */
    static OptionalInt phase(String key, int period, JsonNode settings) {
        return switch (key) {
            case "attn_layer_period" -> offset(settings.path("attn_layer_offset"));
            case "expert_layer_period" -> offset(settings.path("expert_layer_offset"));
            case "global_attn_every_n_layers", "moe_layer_freq", "cross_layer_interval" ->
                    OptionalInt.of(0);
            case "_sliding_window_pattern",
                    "sliding_window_pattern",
                    "decoder_sparse_step",
                    "full_attention_interval",
                    "interleave_moe_layer_step",
                    "moe_layer_interval",
                    "no_rope_layer_interval" ->
                    OptionalInt.of(period - 1);
            default -> OptionalInt.empty();
        };
    }

    private static OptionalInt offset(JsonNode value) {
        return value.isInt() ? OptionalInt.of(value.intValue()) : OptionalInt.empty();
    }

    /** Whether a list says better what a number does, so that readers take the list. */
    static boolean isListed(String key, JsonNode settings) {
        return switch (key) {
            case "_sliding_window_pattern",
                    "sliding_window_pattern",
                    "full_attention_interval",
                    "global_attn_every_n_layers",
                    "max_window_layers" ->
                    settings.path("layer_types").isArray();
            case "no_rope_layer_interval" -> settings.path("no_rope_layers").isArray();
            case "interleave_moe_layer_step" -> settings.path("moe_layers").isArray();
            case "first_k_dense_replace", "decoder_sparse_step", "num_dense_layers" ->
                    settings.path("mlp_layer_types").isArray();
            default -> false;
        };
    }
}
