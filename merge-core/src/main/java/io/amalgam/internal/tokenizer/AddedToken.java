package io.amalgam.internal.tokenizer;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Objects;

/**
 * A token that is found in a text as it stands, before the text is taken apart by the tokenizer's
 * model.
 *
 * @param id its row in the embedding
 * @param singleWord whether only whole words match
 * @param lstrip whether it takes the white space before it
 * @param rstrip whether it takes the white space after it
 * @param normalized whether it is looked for in the normalised text
 * @param special whether decoding leaves it out
 */
record AddedToken(
        int id,
        String content,
        boolean singleWord,
        boolean lstrip,
        boolean rstrip,
        boolean normalized,
        boolean special) {
    AddedToken {
        Objects.requireNonNull(content, "content");
    }

    /** A token that is nothing special, with the settings Hugging Face's library gives it. */
    static AddedToken plain(int id, String content) {
        return new AddedToken(id, content, false, false, false, true, false);
    }

    static AddedToken of(int id, JsonNode node) {
        boolean special = node.path("special").asBoolean(false);
        return new AddedToken(
                id,
                node.path("content").asText(),
                node.path("single_word").asBoolean(false),
                node.path("lstrip").asBoolean(false),
                node.path("rstrip").asBoolean(false),
                node.path("normalized").asBoolean(!special),
                special);
    }

    AddedToken withId(int other) {
        return new AddedToken(other, content, singleWord, lstrip, rstrip, normalized, special);
    }

    /** Whether the other is used in the same way. */
    boolean alike(AddedToken other) {
        return withId(other.id).equals(other);
    }

    /** As an item of {@code added_tokens}. */
    void write(JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeNumberField("id", id);
        writeSettings(json);
        json.writeEndObject();
    }

    private void writeSettings(JsonGenerator json) throws IOException {
        json.writeStringField("content", content);
        json.writeBooleanField("single_word", singleWord);
        json.writeBooleanField("lstrip", lstrip);
        json.writeBooleanField("rstrip", rstrip);
        json.writeBooleanField("normalized", normalized);
        json.writeBooleanField("special", special);
    }
}
