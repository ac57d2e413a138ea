package io.amalgam.internal.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Settings that are ids of tokens: {@code eos_token_id} and its like. They belong to a tokenizer,
 * and go with it.
 */
public final class TokenIds {
    /** The settings of text generation beside a model. */
    public static final String GENERATION = "generation_config.json";

    private static final String SUFFIX = "_token_id";

    private TokenIds() {}

    /** The ids a model uses, by setting: those of its configuration, then of its generation. */
    public static Map<String, JsonNode> of(Path directory, Optional<ObjectNode> config)
            throws IOException {
        Map<String, JsonNode> ids = new LinkedHashMap<>();
        config.ifPresent(settings -> collect(settings, ids));
        Path generation = directory.resolve(GENERATION);
        if (Files.isRegularFile(generation)) {
            collect(JsonText.readObject(generation), ids);
        }
        return ids;
    }

    private static void collect(ObjectNode settings, Map<String, JsonNode> ids) {
        for (Map.Entry<String, JsonNode> field : settings.properties()) {
            if (field.getKey().endsWith(SUFFIX)) {
                ids.putIfAbsent(field.getKey(), field.getValue());
            } else if (field.getValue() instanceof ObjectNode section) {
                collect(section, ids);
            }
        }
    }

    /** A model's generation settings with other ids; empty if it has none, or none to change. */
    public static Optional<ObjectNode> generation(Path directory, Map<String, JsonNode> ids)
            throws IOException {
        Path file = directory.resolve(GENERATION);
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        ObjectNode settings = JsonText.readObject(file);
        boolean changed = false;
        for (Map.Entry<String, JsonNode> id : ids.entrySet()) {
            if (settings.has(id.getKey()) && !settings.get(id.getKey()).equals(id.getValue())) {
                settings.set(id.getKey(), id.getValue());
                changed = true;
            }
        }
        return changed ? Optional.of(settings) : Optional.empty();
    }

    /** As a file's content. */
    public static byte[] bytes(ObjectNode settings) {
        return JsonText.bytes(settings);
    }
}
