package io.amalgam.structure.moe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * Layers that see a window of the latest tokens only. All of Mistral's do where {@code
 * sliding_window} is a number; of Qwen2's, where {@code use_sliding_window} says so, those that
 * {@code layer_types} names, or else those from {@code max_window_layers} on.
 */
final class AttentionWindows {
    /** Of Qwen2, where nothing is said. */
    private static final int FULL_LAYERS = 28;

    private AttentionWindows() {}

    /**
     * Says in a mixture's configuration what a dense model's says. Qwen MoE counts its layers
     * otherwise where nothing is said, so each is named.
     */
    static void keep(ObjectNode base, ObjectNode mixture, MoeFamily family) {
        JsonNode window = base.path("sliding_window");
        boolean everywhere = base.path("model_type").asText().equals("mistral");
        boolean used = everywhere || base.path("use_sliding_window").asBoolean(false);
        if (!window.isInt() || !used) {
            return;
        }
        if (family == MoeFamily.MIXTRAL && everywhere) {
            mixture.set("sliding_window", window);
        }
        if (family == MoeFamily.QWEN2) {
            int full = everywhere ? 0 : base.path("max_window_layers").asInt(FULL_LAYERS);
            int layers = base.path("num_hidden_layers").asInt();
            JsonNode given = base.path("layer_types");
            mixture.set("sliding_window", window);
            mixture.put("use_sliding_window", true);
            mixture.put("max_window_layers", full);
            ArrayNode types = mixture.putArray("layer_types");
            for (int layer = 0; layer < layers; layer++) {
                String type = layer < full ? "full_attention" : "sliding_attention";
                types.add(given.has(layer) && !everywhere ? given.get(layer).asText() : type);
            }
        }
    }
}
