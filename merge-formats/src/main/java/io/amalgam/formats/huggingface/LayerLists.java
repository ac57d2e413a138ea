package io.amalgam.formats.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.amalgam.checkpoint.ConfigChanges.LayerChange;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Lists in a config that belong to the layers. They are known by name: that a list is as long as
 * there are layers may be chance.
 *
 * <ul>
 *   <li>One value per layer ({@code layer_types}): if it has as many values as the donor had
 *       layers, each output layer gets its source layer's value. A shorter list is a pattern that
 *       repeats, and stays; so does a list where a layer comes from a deeper model, of which the
 *       donor's config says nothing.
 *   <li>Numbers of layers ({@code full_attn_idxs}): each becomes the numbers of the output layers
 *       made from that layer. This list may have any length, also that of the layers.
 * </ul>
 */
final class LayerLists {
    private static final Set<String> PER_LAYER =
            Set.of(
                    "activation_sparsity_pattern",
                    "attention_layers",
                    "block_configs",
                    "block_types",
                    "ffn_multipliers",
                    "intermediate_size",
                    "no_rope_layers",
                    "num_attention_heads",
                    "num_key_value_heads",
                    "num_kv_heads",
                    "num_query_heads",
                    "sliding_window_pattern",
                    "window_attention_pattern");

    private static final List<String> PER_LAYER_ENDINGS =
            List.of("layer_types", "layers_block_type");

    private static final Set<String> LAYER_NUMBERS =
            Set.of(
                    "attn_layer_indices",
                    "cross_attention_layers",
                    "full_attn_idxs",
                    "global_attn_idx",
                    "hybrid_layer_ids",
                    "mlp_only_layers",
                    "moe_layers");

    private LayerLists() {}

    static ArrayNode follow(String key, ArrayNode list, LayerChange change) {
        if (LAYER_NUMBERS.contains(key)) {
            return renumbered(list, change);
        }
        boolean perLayer =
                PER_LAYER.contains(key) || PER_LAYER_ENDINGS.stream().anyMatch(key::endsWith);
        return perLayer && list.size() == change.oldCount() ? picked(list, change) : list;
    }

    private static ArrayNode picked(ArrayNode list, LayerChange change) {
        ArrayNode out = list.arrayNode();
        for (int source : change.sources()) {
            if (!list.has(source)) {
                return list;
            }
            out.add(list.get(source).deepCopy());
        }
        return out;
    }

    private static ArrayNode renumbered(ArrayNode list, LayerChange change) {
        Set<Integer> old = new HashSet<>();
        for (JsonNode number : list) {
            if (!number.isInt()
                    || number.intValue() < 0
                    || number.intValue() >= change.oldCount()) {
                return list;
            }
            old.add(number.intValue());
        }
        ArrayNode out = list.arrayNode();
        for (int layer = 0; layer < change.sources().size(); layer++) {
            if (old.contains(change.sources().get(layer))) {
                out.add(layer);
            }
        }
        return out;
    }
}
