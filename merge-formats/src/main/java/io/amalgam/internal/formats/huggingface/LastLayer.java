package io.amalgam.internal.formats.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Architectures whose last layer attends to everything whatever {@code layer_types} says of it:
 * transformers overrides the list's last value when it reads the file.
 */
final class LastLayer {
    private static final String TYPES = "layer_types";
    private static final String FULL = "full_attention";

    /** Settings that single layers have of their own, by the layer's number. */
    private static final String OWN = "per_layer_config";

    private static final Pattern MODELS =
            Pattern.compile("(gemma4|gemma4_unified|diffusion_gemma|embedding_gemma2)(_text)?");

    private LastLayer() {}

    /** The configuration as its readers take it; itself where that is as it is written. */
    static ObjectNode asRead(ObjectNode config) {
        if (!isOverridden(config)) {
            return config;
        }
        ObjectNode read = config.deepCopy();
        override(read);
        return read;
    }

    private static boolean isOverridden(JsonNode config) {
        return List.of(config, config.path("text_config")).stream()
                .anyMatch(LastLayer::isOfSuchModel);
    }

    private static boolean isOfSuchModel(JsonNode section) {
        return MODELS.matcher(section.path("model_type").asText()).matches();
    }

    private static void override(ObjectNode config) {
        if (isOfSuchModel(config)
                && config.get(TYPES) instanceof ArrayNode types
                && !types.isEmpty()) {
            int last = types.size() - 1;
            types.set(last, FULL);
            if (config.get(OWN) instanceof ObjectNode own && !own.has(String.valueOf(last))) {
                // What other layers of its kind have, it is built with too.
                IntStream.range(0, last)
                        .filter(layer -> types.get(layer).asText().equals(FULL))
                        .mapToObj(layer -> own.path(String.valueOf(layer)))
                        .filter(JsonNode::isObject)
                        .findFirst()
                        .ifPresent(settings -> own.set(String.valueOf(last), settings));
            }
        }
        if (config.get("text_config") instanceof ObjectNode text) {
            override(text);
        }
    }
}
