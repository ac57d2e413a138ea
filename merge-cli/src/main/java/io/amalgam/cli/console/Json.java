package io.amalgam.cli.console;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.Problem;
import io.amalgam.internal.io.AtomicFile;
import io.amalgam.internal.io.ProblemJson;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** JSON results. Apart from the rest so that commands which print text do not load the library. */
public final class Json {
    private static final ObjectMapper MAPPER =
            new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    private Json() {}

    public static ObjectNode object() {
        return MAPPER.createObjectNode();
    }

    public static void print(Console console, ObjectNode document) {
        console.print(text(document));
    }

    public static String text(ObjectNode document) {
        try {
            return MAPPER.writeValueAsString(document);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Writes a document to a file, whole or not at all. */
    public static void write(Path file, ObjectNode document) throws IOException {
        AtomicFile.write(file, (text(document) + "\n").getBytes(StandardCharsets.UTF_8));
    }

    public static void problems(ArrayNode array, List<Problem> problems) {
        ProblemJson.put(array, problems.stream().map(OptionWords::of).toList());
    }

    /** Name, type, shape and size of a tensor. */
    public static void tensor(ObjectNode node, TensorInfo info) {
        node.put("name", info.name());
        node.put("dtype", info.dtype().name());
        ArrayNode shape = node.putArray("shape");
        for (long dim : info.shape().dims()) {
            shape.add(dim);
        }
        node.put("bytes", info.bytes());
    }
}
