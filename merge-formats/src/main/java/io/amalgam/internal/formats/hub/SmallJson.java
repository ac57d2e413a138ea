package io.amalgam.internal.formats.hub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.amalgam.internal.formats.files.FileNames;
import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The small JSON files that name others: what is wrong in them is said when the model is opened.
 */
final class SmallJson {
    private static final ObjectMapper JSON = new ObjectMapper();

    private SmallJson() {}

    /** The shards of an index, or the folders of a list of modules. */
    static Set<String> names(byte[] text) {
        Set<String> names = new TreeSet<>();
        JsonNode root = read(text);
        for (JsonNode shard : root.path("weight_map")) {
            if (shard.isTextual()) {
                names.add(shard.textValue());
            }
        }
        if (root.isArray()) {
            root.forEach(module -> names.add(module.path("path").asText().replaceFirst("/+$", "")));
        }
        names.removeIf(name -> !FileNames.isInside(name));
        return names;
    }

    /** How many tensors an index says are in each shard. */
    static Map<String, Integer> shares(byte[] text) {
        Map<String, Integer> shares = new HashMap<>();
        read(text)
                .path("weight_map")
                .forEach(shard -> shares.merge(shard.asText(), 1, Integer::sum));
        return shares;
    }

    private static JsonNode read(byte[] text) {
        try {
            return JSON.readTree(text);
        } catch (IOException e) {
            return MissingNode.getInstance();
        }
    }
}
