package io.amalgam.internal.formats.quantised;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;

/**
 * What a model says of its quantisation.
 *
 * @param node the settings
 * @param place where they are, for messages
 */
public record QuantisationSettings(ObjectNode node, String place) {
    /** The end of a place in {@code config.json}. */
    private static final String IN_CONFIG = " in config.json";

    private static final String OF_GPTQ = "quantize_config.json";
    private static final String OF_AWQ = "quant_config.json";

    /** The library or scheme; {@code unknown} where nothing says it. */
    String method() {
        String method = node.path("quant_method").asText("").strip();
        if (!method.isEmpty()) {
            return method.toLowerCase(Locale.ROOT);
        }
        // Settings of old versions do not name themselves.
        if (node.has("load_in_4bit") || node.has("load_in_8bit")) {
            return "bitsandbytes";
        }
        boolean group = node.has("bits") && node.has("group_size") && !node.has("sym");
        if (group && node.size() <= 3 && place.endsWith(IN_CONFIG)) {
            return "mlx";
        }
        if (node.has("quantization") || node.has("quant_algo")) {
            return "modelopt";
        }
        if (node.has("config_groups")) {
            return "compressed-tensors";
        }
        if (node.has("zero_point") && node.has("version")) {
            return "awq";
        }
        if (node.has("desc_act") || node.has("damp_percent") || place.equals(OF_GPTQ)) {
            return "gptq";
        }
        return place.equals(OF_AWQ) ? "awq" : "unknown";
    }

    /** With the name of the library, which old settings lack. */
    ObjectNode named() {
        ObjectNode named = node.deepCopy();
        String method = method();
        return method.equals("unknown") ? named : named.put("quant_method", method);
    }

    /** A text setting; empty if it is not there. */
    String text(String key) {
        JsonNode value = node.path(key);
        return value.isTextual() ? value.asText() : "";
    }
}
