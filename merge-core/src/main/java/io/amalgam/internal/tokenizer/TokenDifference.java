package io.amalgam.internal.tokenizer;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.error.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * In what two {@code tokenizer.json} name their tokens differently, or two of the older {@code
 * vocab.json}, which lists the tokens alone. Files with the same bytes are compared as bytes only.
 * Of others 64 bits are held for each id, never their texts: the files of large vocabularies take
 * tens of megabytes.
 *
 * @param count ids whose tokens differ, those that only one file has included
 * @param id the lowest of them
 * @param first its token in the first file; empty where it has none
 * @param second its token in the second file; empty where it has none
 */
public record TokenDifference(int count, int id, Optional<String> first, Optional<String> second) {
    private static final String VOCABULARY = "vocab.json";

    /** Names of the files that can be compared; what stands first says more. */
    public static final List<String> FILES = List.of(TokenizerVocabulary.NAME, VOCABULARY);

    /** Far above any vocabulary there is: an id beyond it is damage. */
    private static final int LARGEST_ID = (1 << 24) - 1;

    /** Is told of every token; one that is added goes before the model's own of the same id. */
    private interface Tokens {
        void token(int id, String text, boolean added);
    }

    /**
     * @param first of one of the names in {@link #FILES}
     * @param second of the same name
     * @param rows ids from here on have no row and do not matter
     * @return empty if the tokens are the same, or one of the files is damaged
     */
    public static Optional<TokenDifference> between(Path first, Path second, int rows)
            throws IOException {
        if (Files.mismatch(first, second) < 0) {
            return Optional.empty();
        }
        try {
            long[] ours = prints(first, rows);
            long[] theirs = prints(second, rows);
            int count = 0;
            int lowest = -1;
            for (int id = 0; id < Math.max(ours.length, theirs.length); id++) {
                if (at(ours, id) != at(theirs, id)) {
                    lowest = count++ == 0 ? id : lowest;
                }
            }
            return count == 0
                    ? Optional.empty()
                    : Optional.of(
                            new TokenDifference(
                                    count, lowest, text(first, lowest), text(second, lowest)));
        } catch (BadInputException e) {
            return Optional.empty();
        }
    }

    private static long at(long[] prints, int id) {
        return id < prints.length ? prints[id] : 0;
    }

    /** A print of each id's token; 0 where there is none. */
    private static long[] prints(Path file, int rows) throws IOException {
        Prints prints = new Prints(Math.min(rows, LARGEST_ID + 1));
        read(file, prints);
        return prints.all();
    }

    private static final class Prints implements Tokens {
        private final int rows;
        private final Map<Integer, Long> added = new HashMap<>();
        private long[] byId = new long[1 << 10];
        private int length;

        Prints(int rows) {
            this.rows = rows;
        }

        @Override
        public void token(int id, String text, boolean isAdded) {
            if (id < 0 || id >= rows) {
                return;
            }
            length = Math.max(length, id + 1);
            if (isAdded) {
                added.put(id, print(text));
                return;
            }
            if (id >= byId.length) {
                byId = Arrays.copyOf(byId, Math.max(2 * byId.length, id + 1));
            }
            byId[id] = print(text);
        }

        long[] all() {
            long[] all = Arrays.copyOf(byId, length);
            added.forEach((id, print) -> all[id] = print);
            return all;
        }

        /** FNV-1a over the text's chars; never 0. */
        private static long print(String text) {
            long hash = 0xcbf29ce484222325L;
            for (int i = 0; i < text.length(); i++) {
                hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
            }
            return hash == 0 ? 1 : hash;
        }
    }

    private static Optional<String> text(Path file, int wanted) throws IOException {
        Map<Boolean, String> found = new HashMap<>();
        read(
                file,
                (id, text, added) -> {
                    if (id == wanted) {
                        found.put(added, text);
                    }
                });
        return Optional.ofNullable(found.getOrDefault(true, found.get(false)));
    }

    private static void read(Path file, Tokens tokens) throws IOException {
        JsonText.read(
                file,
                parser -> {
                    if (parser.nextToken() != JsonToken.START_OBJECT) {
                        return false;
                    }
                    if (file.endsWith(VOCABULARY)) {
                        mapping(parser, tokens);
                        return true;
                    }
                    while (parser.nextToken() == JsonToken.FIELD_NAME) {
                        String key = parser.currentName();
                        JsonToken value = parser.nextToken();
                        if (key.equals("added_tokens") && value == JsonToken.START_ARRAY) {
                            added(parser, tokens);
                        } else if (key.equals("model") && value == JsonToken.START_OBJECT) {
                            model(parser, tokens);
                        } else {
                            parser.skipChildren();
                        }
                    }
                    return true;
                });
    }

    private static void added(JsonParser parser, Tokens tokens) throws IOException {
        JsonToken next = parser.nextToken();
        while (next != null && next != JsonToken.END_ARRAY) {
            JsonNode token = parser.readValueAsTree();
            JsonNode id = token.path("id");
            if (id.canConvertToInt() && token.path("content").isTextual()) {
                tokens.token(id.intValue(), token.path("content").textValue(), true);
            }
            next = parser.nextToken();
        }
    }

    private static void model(JsonParser parser, Tokens tokens) throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            boolean vocabulary = parser.currentName().equals("vocab");
            JsonToken value = parser.nextToken();
            if (vocabulary && value == JsonToken.START_OBJECT) {
                mapping(parser, tokens);
            } else if (vocabulary && value == JsonToken.START_ARRAY) {
                list(parser, tokens);
            } else {
                parser.skipChildren();
            }
        }
    }

    private static void mapping(JsonParser parser, Tokens tokens) throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String token = parser.currentName();
            boolean number = parser.nextToken() == JsonToken.VALUE_NUMBER_INT;
            if (number && parser.getNumberType() == JsonParser.NumberType.INT) {
                tokens.token(parser.getIntValue(), token, false);
            } else {
                parser.skipChildren();
            }
        }
    }

    /** Unigram: pairs of a token and its score; ids are the places in the list. */
    private static void list(JsonParser parser, Tokens tokens) throws IOException {
        JsonToken next = parser.nextToken();
        for (int id = 0; next != null && next != JsonToken.END_ARRAY; id++) {
            if (next == JsonToken.START_ARRAY) {
                if (parser.nextToken() == JsonToken.VALUE_STRING) {
                    tokens.token(id, parser.getText(), false);
                }
                while (next != null && next != JsonToken.END_ARRAY) {
                    parser.skipChildren();
                    next = parser.nextToken();
                }
            } else {
                parser.skipChildren();
            }
            next = parser.nextToken();
        }
    }
}
