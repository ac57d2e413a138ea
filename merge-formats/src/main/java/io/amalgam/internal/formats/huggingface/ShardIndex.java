package io.amalgam.internal.formats.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.Problem;
import io.amalgam.internal.formats.files.FileNames;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * {@code model.safetensors.index.json}: which shard holds which tensors.
 *
 * @param shards tensor names by file name, both sorted
 */
record ShardIndex(SortedMap<String, SortedSet<String>> shards) {
    ShardIndex {
        shards = Collections.unmodifiableSortedMap(new TreeMap<>(shards));
    }

    /** Reads the index; what is wrong within it goes to {@code problems}, and is left out. */
    static ShardIndex read(Path file, List<Problem> problems) throws IOException {
        SortedMap<String, SortedSet<String>> shards = new TreeMap<>();
        JsonNode map = JsonFiles.readObject(file).path("weight_map");
        if (!map.isObject()) {
            problems.add(
                    Problem.expected(
                                    "'weight_map'",
                                    "an object of file names by tensor name",
                                    JsonFiles.describe(map))
                            .at("'" + file + "'")
                            .hint(JsonFiles.DAMAGED));
        }
        for (Map.Entry<String, JsonNode> entry : map.properties()) {
            String tensor = entry.getKey();
            if (!entry.getValue().isTextual()) {
                problems.add(
                        Problem.expected(
                                        "file of tensor '" + tensor + "'",
                                        "a file name",
                                        JsonFiles.describe(entry.getValue()))
                                .at("'" + file + "'")
                                .hint(JsonFiles.DAMAGED));
                continue;
            }
            shards.computeIfAbsent(entry.getValue().textValue(), name -> new TreeSet<>())
                    .add(tensor);
        }
        shards.keySet()
                .removeIf(name -> !FileNames.isPlain(name) && problems.add(notPlain(name, file)));
        return new ShardIndex(shards);
    }

    /** The index of an output, in the form other readers expect. */
    static byte[] write(long totalBytes, Map<String, String> fileByTensor) {
        ObjectNode index = JsonNodeFactory.instance.objectNode();
        index.putObject("metadata").put("total_size", totalBytes);
        ObjectNode map = index.putObject("weight_map");
        new TreeMap<>(fileByTensor).forEach(map::put);
        return JsonFiles.bytes(index);
    }

    private static Problem notPlain(String name, Path file) {
        return Problem.expected(
                        "shard", "the name of a file in the model's directory", "'" + name + "'")
                .at("'" + file + "'")
                .hint("do not use this model: its index points elsewhere");
    }
}
