package io.amalgam.fuzz;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Changes JSON: every second time a value within it, else its bytes. */
public final class JsonMutations extends Mutations {
    private static final List<String> VALUES =
            List.of(
                    "null",
                    "true",
                    "false",
                    "0",
                    "-1",
                    "0.5",
                    "2147483648",
                    "1e400",
                    "1e-400",
                    "NaN",
                    "-Infinity",
                    "9".repeat(400),
                    "\"\"",
                    "\"x\"",
                    "\"..\"",
                    "\"a/b\"",
                    "\"\\u0000\"",
                    "\"\\n\\u2028\"",
                    "\"\\ud800\"",
                    "\"(a*)*b\"",
                    "[]",
                    "{}",
                    "[[1]]",
                    "{\"a\": 1}");
    private static final List<String> PIECES =
            List.of(
                    "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u0000", "null", "//", "NaN", "-",
                    "e9", "\0", "\u00e9", "\ufeff");

    private final ObjectMapper mapper = new ObjectMapper();
    private final List<String> values;

    /**
     * @param values of the format's own, as JSON
     */
    public JsonMutations(List<String> values) {
        super(PIECES);
        this.values = new ArrayList<>(VALUES);
        this.values.addAll(values);
    }

    @Override
    public byte[] change(byte[] bytes, List<byte[]> others, Random random) {
        if (random.nextBoolean()) {
            return super.change(bytes, others, random);
        }
        try {
            JsonNode root = mapper.readTree(bytes);
            List<JsonNode> parents = new ArrayList<>();
            collect(root, parents);
            if (parents.isEmpty()) {
                return super.change(bytes, others, random);
            }
            // Raw text takes the value's place, as not all of it is JSON.
            String marker = "\"<" + random.nextLong() + ">\"";
            replace(parents.get(random.nextInt(parents.size())), mapper.readTree(marker), random);
            String value = values.get(random.nextInt(values.size()));
            return root.toString().replace(marker, value).getBytes(StandardCharsets.UTF_8);
        } catch (IOException e) {
            // No JSON, or none any more.
            return super.change(bytes, others, random);
        }
    }

    private static void collect(JsonNode node, List<JsonNode> parents) {
        if (node.isContainerNode() && !node.isEmpty()) {
            parents.add(node);
        }
        node.forEach(child -> collect(child, parents));
    }

    private static void replace(JsonNode parent, JsonNode value, Random random) {
        int at = random.nextInt(parent.size());
        if (parent instanceof ObjectNode object) {
            String key = new ArrayList<>(object.properties()).get(at).getKey();
            object.set(key, value);
        } else if (parent instanceof ArrayNode array) {
            array.set(at, value);
        }
    }
}
