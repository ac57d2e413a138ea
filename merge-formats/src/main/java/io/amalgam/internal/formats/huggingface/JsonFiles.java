package io.amalgam.internal.formats.huggingface;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.JsonProblems;
import io.amalgam.internal.checkpoint.PythonJson;
import io.amalgam.internal.formats.files.FileKinds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The JSON files of a model: read strictly, written like Python's {@code json} module with an
 * indent of 2.
 */
public final class JsonFiles {
    // Decimal numbers keep their digits: 1e-05 must not come out as another number, nor 10000.0 as
    // an integer. NaN and Infinity
    // are not JSON, but Python writes them.
    private static final JsonMapper MAPPER =
            JsonMapper.builder()
                    .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                    .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                    .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
                    .disable(JsonWriteFeature.WRITE_NAN_AS_STRINGS)
                    .build();

    private static final ObjectWriter WRITER = MAPPER.writer(new PythonJson());

    public static final String DAMAGED = JsonProblems.DAMAGED;

    private JsonFiles() {}

    /**
     * @throws BadInputException if it is no regular file or not one JSON object, or has a key twice
     */
    public static ObjectNode readObject(Path file) throws IOException {
        JsonNode node = read(file);
        if (node instanceof ObjectNode object) {
            return object;
        }
        throw new BadInputException(
                Problem.expected("file", "a JSON object", describe(node))
                        .at("'" + file + "'")
                        .hint(DAMAGED));
    }

    /**
     * @throws BadInputException if it is no regular file or not one JSON value, or has a key twice
     */
    static JsonNode read(Path file) throws IOException {
        FileKinds.require(file);
        return JsonProblems.in(file, () -> MAPPER.readTree(Files.readAllBytes(file)));
    }

    /** What a value is, for messages. */
    public static String describe(JsonNode node) {
        if (node == null || node.isMissingNode()) {
            return "nothing";
        }
        if (node.isObject()) {
            return "an object";
        }
        if (node.isArray()) {
            return "a list";
        }
        return node.isTextual() ? "text" : node.toString();
    }

    /** The file's content, as Python's {@code json.dumps(indent=2)} and a line end. */
    public static byte[] bytes(ObjectNode object) {
        try {
            return (WRITER.writeValueAsString(object) + "\n").getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new UncheckedIOException(e);
        }
    }
}
