package io.amalgam.internal.formats.peft;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The rows trained by an adapter: {@code trainable_token_indices}, a list for the input embedding,
 * or a list per module by the end of its name.
 */
final class TokenIndices {
    private final JsonNode value;

    TokenIndices(Optional<ObjectNode> config) {
        this.value =
                config.map(c -> c.path("trainable_token_indices"))
                        .orElseGet(MissingNode::getInstance);
    }

    /** Of a module; empty where there are none, or what is there is no list of different rows. */
    Optional<List<Integer>> of(String module) {
        if (value.isArray()) {
            return list(value);
        }
        for (Map.Entry<String, JsonNode> entry : value.properties()) {
            if (("." + module).endsWith("." + entry.getKey())) {
                return list(entry.getValue());
            }
        }
        return Optional.empty();
    }

    private static Optional<List<Integer>> list(JsonNode array) {
        List<Integer> indices = new ArrayList<>();
        for (JsonNode index : array) {
            if (!index.isInt() || index.intValue() < 0) {
                return Optional.empty();
            }
            indices.add(index.intValue());
        }
        boolean different = new HashSet<>(indices).size() == indices.size();
        return different && !indices.isEmpty() ? Optional.of(indices) : Optional.empty();
    }
}
