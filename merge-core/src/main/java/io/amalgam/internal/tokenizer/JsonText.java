package io.amalgam.internal.tokenizer;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.io.JsonEOFException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.JsonProblems;
import io.amalgam.internal.checkpoint.PythonJson;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Reads and writes the JSON files of tokenizers. Numbers keep their digits; output is indented by
 * two, as Python writes it.
 */
final class JsonText {
    /** Names are not interned: a vocabulary has hundreds of thousands, each once. */
    private static final JsonFactory FACTORY =
            JsonFactory.builder()
                    .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                    .disable(JsonFactory.Feature.FAIL_ON_SYMBOL_HASH_OVERFLOW)
                    .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
                    .build();

    private static final JsonMapper MAPPER =
            JsonMapper.builder(FACTORY)
                    .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                    .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
                    .build();

    private JsonText() {}

    /** Does something with a parser, or with parser and generator. */
    @FunctionalInterface
    interface Reading<T> {
        T read(JsonParser parser) throws IOException;
    }

    @FunctionalInterface
    interface Writing {
        void write(JsonGenerator json) throws IOException;
    }

    /**
     * Reads a file from its first token on.
     *
     * @throws BadInputException if it is no file, or not valid JSON
     */
    static <T> T read(Path file, Reading<T> reading) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new BadInputException(
                    Problem.expected("tokenizer", "a readable file", "none").at("'" + file + "'"));
        }
        return JsonProblems.in(
                file,
                () -> {
                    try (InputStream in = Files.newInputStream(file);
                            JsonParser parser = MAPPER.createParser(in)) {
                        return reading.read(parser);
                    }
                });
    }

    static ObjectNode readObject(Path file) throws IOException {
        JsonNode node = read(file, parser -> MAPPER.readTree(parser));
        if (node instanceof ObjectNode object) {
            return object;
        }
        throw new BadInputException(
                Problem.expected("file", "a JSON object", "something else")
                        .at("'" + file + "'")
                        .hint(JsonProblems.DAMAGED));
    }

    static byte[] write(Writing writing) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        write(bytes, writing);
        return bytes.toByteArray();
    }

    private static void write(OutputStream out, Writing writing) throws IOException {
        try (JsonGenerator json = MAPPER.createGenerator(out)) {
            json.setPrettyPrinter(new PythonJson());
            writing.write(json);
            json.writeRaw('\n');
        }
    }

    static byte[] bytes(JsonNode node) {
        try {
            return write(json -> json.writeTree(node));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Copies what the parser stands at, with all that is inside it; numbers keep their digits.
     * Jackson's own exact copy came with 2.16.
     */
    static void copy(JsonParser parser, JsonGenerator json) throws IOException {
        int depth = 0;
        JsonToken token = parser.currentToken();
        while (true) {
            if (token.isNumeric()) {
                json.writeNumber(parser.getText());
            } else {
                json.copyCurrentEvent(parser);
            }
            if (token.isStructStart()) {
                depth++;
            } else if (token.isStructEnd()) {
                depth--;
            }
            if (depth == 0 && token != JsonToken.FIELD_NAME) {
                return;
            }
            token = parser.nextToken();
            if (token == null) {
                throw new JsonEOFException(parser, null, "unexpected end of the file");
            }
        }
    }
}
