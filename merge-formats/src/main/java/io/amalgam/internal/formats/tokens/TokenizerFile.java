package io.amalgam.internal.formats.tokens;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.JsonProblems;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Set;

/**
 * What a {@code tokenizer.json} must be before Hugging Face's library reads it: that library ends
 * the whole process over text that is no JSON, a table of a normalizer that it cannot read, and a
 * template with a token that it does not define.
 */
final class TokenizerFile {
    private static final JsonMapper MAPPER = JsonMapper.builder().build();

    /** The sections that are looked into; vocabularies are large, and the library checks them. */
    private static final Set<String> SECTIONS = Set.of("normalizer", "post_processor");

    private TokenizerFile() {}

    /**
     * @param model what the user calls it
     * @throws BadInputException if the library would not survive the file
     */
    static void require(Path file, String model) throws IOException {
        JsonProblems.in(
                file,
                () -> {
                    try (InputStream in = Files.newInputStream(file);
                            JsonParser json = MAPPER.createParser(in)) {
                        sections(json, model);
                        return json.nextToken();
                    }
                });
    }

    private static void sections(JsonParser json, String model) throws IOException {
        if (json.nextToken() != JsonToken.START_OBJECT) {
            json.skipChildren();
            return;
        }
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            json.nextToken();
            if (SECTIONS.contains(name)) {
                JsonNode section = MAPPER.readTree(json);
                for (JsonNode table : section.findValues("precompiled_charsmap")) {
                    requireTable(table.asText(), model);
                }
                for (JsonNode template : section.findParents("special_tokens")) {
                    requireTokens(template, model);
                }
            } else {
                json.skipChildren();
            }
        }
    }

    /** Its first four bytes are the length of a trie of 32-bit numbers. */
    private static void requireTable(String table, String model) {
        byte[] bytes;
        try {
            bytes = Base64.getDecoder().decode(table);
        } catch (IllegalArgumentException e) {
            bytes = new byte[0];
        }
        long trie =
                bytes.length < Integer.BYTES
                        ? -1
                        : Integer.toUnsignedLong(
                                ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt());
        if (trie < 0 || trie % Integer.BYTES != 0 || trie > bytes.length - Integer.BYTES) {
            throw bad(
                    "'precompiled_charsmap'",
                    model,
                    "the table of a SentencePiece model",
                    "something else");
        }
    }

    private static void requireTokens(JsonNode template, String model) {
        for (JsonNode piece : template.path("single").findValues("SpecialToken")) {
            String token = piece.path("id").asText();
            if (!template.path("special_tokens").has(token)) {
                throw bad(
                        "'special_tokens' of the template",
                        model,
                        "token '" + token + "', which it puts around texts",
                        "none of that name");
            }
        }
    }

    private static BadInputException bad(String what, String model, String expected, String got) {
        return new BadInputException(
                Problem.expected(what + " in the tokenizer of model '" + model + "'", expected, got)
                        .hint(JsonProblems.DAMAGED));
    }
}
