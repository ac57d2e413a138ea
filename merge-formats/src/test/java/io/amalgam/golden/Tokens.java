package io.amalgam.golden;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** What a {@code tokenizer.json} says, read for tests in the plainest way. */
public final class Tokens {
    private Tokens() {}

    /** Ids by token. */
    public static Map<String, Integer> ids(Path file) throws IOException {
        JsonNode root = new ObjectMapper().readTree(file.toFile());
        Map<String, Integer> ids = new LinkedHashMap<>();
        JsonNode vocabulary = root.path("model").path("vocab");
        if (vocabulary.isArray()) {
            vocabulary.forEach(pair -> ids.put(pair.path(0).asText(), ids.size()));
        } else {
            vocabulary.properties().forEach(e -> ids.put(e.getKey(), e.getValue().asInt()));
        }
        root.path("added_tokens")
                .forEach(t -> ids.put(t.path("content").asText(), t.path("id").asInt()));
        return ids;
    }

    /** Settings of added tokens, without their ids. */
    public static Map<String, JsonNode> added(Path file) throws IOException {
        JsonNode root = new ObjectMapper().readTree(file.toFile());
        Map<String, JsonNode> added = new LinkedHashMap<>();
        for (JsonNode token : root.path("added_tokens")) {
            ObjectNode settings = token.deepCopy();
            settings.remove("id");
            added.put(token.path("content").asText(), settings);
        }
        return added;
    }
}
