package io.amalgam.formats.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.amalgam.checkpoint.ConfigChanges.LayerChange;
import io.amalgam.checkpoint.ConfigChanges.Origin;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Lists in a config that belong to the layers. They are known by name: that a list is as long as
 * there are layers may be chance.
 *
 * <p>A layer that another model than the donor lends goes by that model's list, where it has one.
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

    /**
     * @param section dotted path of the settings the list is in
     */
    static ArrayNode follow(String section, String key, ArrayNode list, LayerChange change) {
        if (LAYER_NUMBERS.contains(key)) {
            return renumbered(section, key, list, change);
        }
        boolean perLayer =
                PER_LAYER.contains(key) || PER_LAYER_ENDINGS.stream().anyMatch(key::endsWith);
        return perLayer && list.size() == change.oldCount()
                ? picked(section, key, list, change)
                : list;
    }

    private static ArrayNode picked(
            String section, String key, ArrayNode list, LayerChange change) {
        ArrayNode out = list.arrayNode();
        for (int layer = 0; layer < change.sources().size(); layer++) {
            int source = change.sources().get(layer);
            JsonNode values =
                    change.origins()
                            .get(layer)
                            .map(origin -> own(origin, section, key))
                            .filter(own -> own.isArray())
                            .orElse(list);
            if (!values.has(source)) {
                return list;
            }
            out.add(values.get(source).deepCopy());
        }
        return out;
    }

    /** A lender's own list, if it has one value for each of its layers; missing otherwise. */
    private static JsonNode own(Origin origin, String section, String key) {
        JsonNode list = setting(origin.config(), section, key);
        return list.size() == origin.layers() ? list : MissingNode.getInstance();
    }

    /** A setting of a section; missing if there is none. */
    static JsonNode setting(JsonNode config, String section, String key) {
        JsonNode settings = config;
        for (String name : section.isEmpty() ? new String[0] : section.split("\\.")) {
            settings = settings.path(name);
        }
        return settings.path(key);
    }

    private static ArrayNode renumbered(
            String section, String key, ArrayNode list, LayerChange change) {
        Optional<Set<Integer>> donors = numbers(list, change.oldCount());
        if (donors.isEmpty()) {
            return list;
        }
        ArrayNode out = list.arrayNode();
        for (int layer = 0; layer < change.sources().size(); layer++) {
            Set<Integer> named =
                    change.origins()
                            .get(layer)
                            .flatMap(
                                    origin ->
                                            numbers(
                                                    setting(origin.config(), section, key),
                                                    origin.layers()))
                            .orElse(donors.get());
            if (named.contains(change.sources().get(layer))) {
                out.add(layer);
            }
        }
        return out;
    }

    /** The numbers in a list; empty if it is none, or holds anything but numbers of layers. */
    private static Optional<Set<Integer>> numbers(JsonNode list, int layers) {
        if (!list.isArray()) {
            return Optional.empty();
        }
        Set<Integer> numbers = new HashSet<>();
        for (JsonNode number : list) {
            if (!number.isInt() || number.intValue() < 0 || number.intValue() >= layers) {
                return Optional.empty();
            }
            numbers.add(number.intValue());
        }
        return Optional.of(numbers);
    }
}
