package io.amalgam.formats.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.ConfigChanges.LayerChange;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Numbers in a config that say which layers are of which kind: the first so many ({@code
 * max_window_layers}, {@code first_k_dense_replace}), or every so many ({@code
 * sliding_window_pattern}, ...). A new order of layers may be one that such a number cannot say.
 */
final class LayerKinds {
    private static final String WINDOW = "max_window_layers";
    private static final String DENSE = "first_k_dense_replace";
    private static final String PATTERN = "sliding_window_pattern";
    private static final String TYPES = "layer_types";
    private static final String SLIDING = "sliding_attention";
    private static final String FULL = "full_attention";

    /** Every so many layers, counted from the first, with no list that could say it instead. */
    private static final List<String> PERIODS =
            List.of(
                    "attn_layer_period",
                    "expert_layer_period",
                    "decoder_sparse_step",
                    "moe_layer_freq",
                    "moe_every_n_layers",
                    "interleave_moe_layer_step",
                    "full_attention_interval",
                    "global_attn_every_n_layers",
                    "no_rope_layer_interval");

    private LayerKinds() {}

    /**
     * Sets the counts of first layers; where a window's number or pattern cannot say the new order,
     * {@code layer_types} is written, which can.
     */
    static void follow(String section, ObjectNode settings, LayerChange change) {
        boolean typed = settings.path(TYPES).isArray();
        List<Boolean> full = first(section, settings, WINDOW, change);
        setFirst(settings, WINDOW, full, change);
        setFirst(settings, DENSE, first(section, settings, DENSE, change), change);
        if (!typed && scattered(full) && settings.path("use_sliding_window").asBoolean(false)) {
            types(settings, full::get, full.size());
        }
        int pattern = period(settings, PATTERN);
        if (!typed && breaks(pattern, change)) {
            List<Integer> sources = change.sources();
            types(settings, i -> (sources.get(i) + 1) % pattern == 0, sources.size());
        }
    }

    private static void types(ObjectNode settings, IntPredicate full, int layers) {
        ArrayNode types = settings.putArray(TYPES);
        for (int i = 0; i < layers; i++) {
            types.add(full.test(i) ? FULL : SLIDING);
        }
    }

    /** Numbers that the new order of layers makes untrue and that nothing here can mend. */
    static List<String> broken(String section, ObjectNode settings, LayerChange change) {
        boolean listed =
                settings.path(TYPES).isArray() || settings.path("no_rope_layers").isArray();
        List<String> broken = new ArrayList<>();
        for (String key : PERIODS) {
            boolean attention = key.contains("att") || key.contains("rope");
            if (!(listed && attention) && breaks(period(settings, key), change)) {
                broken.add(key);
            }
        }
        boolean denseListed = settings.path("mlp_layer_types").isArray();
        if (!denseListed && scattered(first(section, settings, DENSE, change))) {
            broken.add(DENSE);
        }
        return broken;
    }

    private static int period(ObjectNode settings, String key) {
        return settings.path(key).isInt() ? settings.path(key).intValue() : 0;
    }

    private static boolean breaks(int period, LayerChange change) {
        for (int i = 0; period > 1 && i < change.sources().size(); i++) {
            if (change.sources().get(i) % period != i % period) {
                return true;
            }
        }
        return false;
    }

    /**
     * For each output layer, whether it was one of its model's first so many; empty if the donor
     * does not count them.
     */
    private static List<Boolean> first(
            String section, ObjectNode settings, String key, LayerChange change) {
        List<Boolean> first = new ArrayList<>();
        JsonNode donors = settings.path(key);
        for (int i = 0; donors.isInt() && i < change.sources().size(); i++) {
            JsonNode count =
                    change.origins()
                            .get(i)
                            .map(origin -> LayerLists.setting(origin.config(), section, key))
                            .filter(JsonNode::isInt)
                            .orElse(donors);
            first.add(change.sources().get(i) < count.intValue());
        }
        return first;
    }

    private static int leading(List<Boolean> first) {
        int end = first.indexOf(false);
        return end < 0 ? first.size() : end;
    }

    private static boolean scattered(List<Boolean> first) {
        return first.lastIndexOf(true) >= leading(first);
    }

    /** A number of all layers stays one. */
    private static void setFirst(
            ObjectNode settings, String key, List<Boolean> first, LayerChange change) {
        if (first.isEmpty()) {
            return;
        }
        int old = settings.path(key).intValue();
        int layers = first.size();
        boolean all = old >= change.oldCount() && leading(first) == layers;
        settings.put(key, all && old > change.oldCount() ? Math.max(old, layers) : leading(first));
    }
}
