package io.amalgam.internal.forward;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.internal.config.ConfigNumbers;
import java.util.ArrayList;
import java.util.List;

/**
 * How many of the latest positions each layer sees: all of Mistral's layers a window where it has
 * one; of Qwen2's and Qwen3's, where {@code use_sliding_window} says so, those that {@code
 * layer_types} names, or else those from {@code max_window_layers} on; Llama's see everything.
 */
final class LayerWindows {
    private static final int MISSING = 4096;
    private static final int FULL_LAYERS = 28;

    private LayerWindows() {}

    /** For each layer the positions it sees; 0 for all. */
    static List<Integer> of(ObjectNode config, int layers, ConfigNumbers numbers) {
        String type = config.path("model_type").asText("");
        boolean qwen = type.startsWith("qwen");
        boolean used = qwen ? numbers.flag("use_sliding_window") : type.equals("mistral");
        JsonNode given = config.path("sliding_window");
        // A null says that there is none; nothing, that it is the default.
        int window = given.isMissingNode() ? MISSING : numbers.whole("sliding_window", 0, 0);
        int full = qwen ? numbers.whole("max_window_layers", 0, FULL_LAYERS) : 0;
        JsonNode types = qwen ? config.path("layer_types") : config.path("");
        List<Integer> windows = new ArrayList<>();
        for (int layer = 0; layer < layers; layer++) {
            boolean windowed =
                    types.has(layer)
                            ? types.get(layer).asText().equals("sliding_attention")
                            : layer >= full;
            windows.add(used && windowed ? window : 0);
        }
        return windows;
    }
}
