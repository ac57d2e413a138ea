package io.amalgam.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint.ModelFacts;
import io.amalgam.internal.config.ConfigKeys;
import io.amalgam.internal.config.ConfigNumbers;
import io.amalgam.internal.config.ConfigSections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Reads facts of a model from its {@code config.json}: the one place that does. Changes to
 * configurations are made elsewhere.
 */
final class ConfigFacts {
    private static final List<String> LAYERS =
            List.of("num_hidden_layers", "n_layer", "n_layers", "num_layers");

    /** How many of the layers take keys and values from layers before them. */
    private static final String SHARED = "num_kv_shared_layers";

    /** Numbers of layers that predict further tokens. */
    private static final List<String> BEHIND =
            List.of("num_nextn_predict_layers", "num_mtp_layers", "num_mtp_modules");

    /**
     * Types of models that always tie what is not in their files, and read {@link ConfigKeys#TIED}
     * as something else: whether outputs are scaled.
     */
    private static final List<String> ALWAYS = List.of("t5", "mt5", "umt5");

    private ConfigFacts() {}

    static ModelFacts of(ObjectNode config) {
        List<ObjectNode> sections = ConfigSections.of(config);
        Set<String> types = new LinkedHashSet<>();
        config.findValues(ConfigKeys.TYPE).forEach(type -> types.add(type.asText()));
        return new ModelFacts(
                true,
                config.path(ConfigKeys.TYPE).asText(""),
                types,
                config.path("architectures").path(0).asText(""),
                sections.stream()
                        .map(section -> section.path(ConfigKeys.TIED))
                        .filter(JsonNode::isBoolean)
                        .map(JsonNode::booleanValue)
                        .findFirst(),
                ALWAYS.contains(config.path(ConfigKeys.TYPE).asText("")),
                first(sections, List.of(ConfigKeys.VOCABULARY)),
                first(sections, LAYERS),
                ownLayers(config),
                behind(sections));
    }

    private static long ownLayers(ObjectNode config) {
        JsonNode text = config.path("text_config");
        String key = LAYERS.get(0);
        long layers =
                ConfigNumbers.wholeOr(config.path(key), ConfigNumbers.wholeOr(text.path(key), -1));
        long shared =
                ConfigNumbers.wholeOr(config.path(SHARED), 0)
                        + ConfigNumbers.wholeOr(text.path(SHARED), 0);
        return layers < 0 ? -1 : layers - shared;
    }

    private static long first(List<ObjectNode> sections, List<String> keys) {
        for (ObjectNode section : sections) {
            for (String key : keys) {
                JsonNode value = section.path(key);
                long said = ConfigNumbers.wholeOr(value, -1);
                if (said > 0) {
                    return said;
                }
            }
        }
        return -1;
    }

    private static Map<Long, Integer> behind(List<ObjectNode> sections) {
        Map<Long, Integer> behind = new HashMap<>();
        for (ObjectNode section : sections) {
            for (String key : BEHIND) {
                int extra = (int) ConfigNumbers.wholeOr(section.path(key), 0);
                if (extra > 0) {
                    behind.putIfAbsent(
                            ConfigNumbers.wholeOr(section.path(LAYERS.get(0)), -1) + extra, extra);
                }
            }
        }
        return behind;
    }
}
