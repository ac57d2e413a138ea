package io.amalgam.internal.tokenizer;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.List;
import java.util.Set;

/**
 * A {@code tokenizer.json} with other tokens: copied piece by piece, so that nothing is lost that
 * this library knows nothing of. Only the vocabulary, the merges and the added tokens change.
 */
final class TokenizerEdit {
    private final Set<String> removed;
    private final List<AddedToken> added;
    private String subwordPrefix = "";

    private TokenizerEdit(MergedVocabulary vocabulary) {
        this.removed = vocabulary.removed();
        this.added = vocabulary.addedTokens();
    }

    /** The file's new content. */
    static byte[] edit(MergedVocabulary vocabulary) throws IOException {
        TokenizerEdit edit = new TokenizerEdit(vocabulary);
        return JsonText.write(
                json ->
                        JsonText.read(
                                vocabulary.start().file(),
                                parser -> {
                                    edit.root(parser, json);
                                    return true;
                                }));
    }

    private void root(JsonParser parser, JsonGenerator json) throws IOException {
        parser.nextToken();
        json.writeStartObject();
        boolean written = false;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            if (key.equals("model") && !written) {
                // Where the file has no list, its place is before the model.
                writeAdded(json);
                written = true;
            }
            if (key.equals("added_tokens")) {
                parser.nextToken();
                parser.skipChildren();
                if (!written) {
                    writeAdded(json);
                    written = true;
                }
            } else if (key.equals("model")) {
                json.writeFieldName(key);
                parser.nextToken();
                model(parser, json);
            } else {
                JsonText.copy(parser, json);
            }
        }
        json.writeEndObject();
    }

    private void writeAdded(JsonGenerator json) throws IOException {
        json.writeArrayFieldStart("added_tokens");
        for (AddedToken token : added) {
            token.write(json);
        }
        json.writeEndArray();
    }

    private void model(JsonParser parser, JsonGenerator json) throws IOException {
        json.writeStartObject();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            JsonToken value = parser.nextToken();
            json.writeFieldName(key);
            if (key.equals("continuing_subword_prefix") && value == JsonToken.VALUE_STRING) {
                subwordPrefix = parser.getText();
            }
            if (removed.isEmpty()) {
                JsonText.copy(parser, json);
            } else if (key.equals("vocab") && value == JsonToken.START_OBJECT) {
                mapping(parser, json);
            } else if (key.equals("vocab") && value == JsonToken.START_ARRAY) {
                filtered(parser, json, pair -> !removed.contains(pair.path(0).asText()));
            } else if (key.equals("merges") && value == JsonToken.START_ARRAY) {
                filtered(parser, json, this::stays);
            } else {
                JsonText.copy(parser, json);
            }
        }
        json.writeEndObject();
    }

    private void mapping(JsonParser parser, JsonGenerator json) throws IOException {
        json.writeStartObject();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            if (removed.contains(parser.currentName())) {
                parser.nextToken();
                parser.skipChildren();
            } else {
                JsonText.copy(parser, json);
            }
        }
        json.writeEndObject();
    }

    @FunctionalInterface
    private interface Kept {
        boolean test(JsonNode item);
    }

    private static void filtered(JsonParser parser, JsonGenerator json, Kept kept)
            throws IOException {
        json.writeStartArray();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            JsonNode item = parser.readValueAsTree();
            if (kept.test(item)) {
                json.writeTree(item);
            }
        }
        json.writeEndArray();
    }

    /** A merge stays if both parts and what they make stay; written as text or as a pair. */
    private boolean stays(JsonNode merge) {
        String first;
        String second;
        if (merge.isTextual()) {
            int space = merge.asText().indexOf(' ');
            if (space < 0) {
                return true;
            }
            first = merge.asText().substring(0, space);
            second = merge.asText().substring(space + 1);
        } else {
            first = merge.path(0).asText();
            second = merge.path(1).asText();
        }
        String tail =
                second.startsWith(subwordPrefix)
                        ? second.substring(subwordPrefix.length())
                        : second;
        return !removed.contains(first)
                && !removed.contains(second)
                && !removed.contains(first + tail);
    }
}
