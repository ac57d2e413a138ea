package io.amalgam.internal.formats.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Tokens that are found in a text as they stand, before all else. */
final class AddedTokens {
    private final List<Token> tokens;

    private record Token(String text, int id, boolean left, boolean right) {}

    /**
     * @param id of the token; -1 for text between tokens
     */
    record Piece(String text, int id) {}

    private AddedTokens(List<Token> tokens) {
        this.tokens = tokens;
    }

    static AddedTokens of(JsonNode list) {
        List<Token> tokens = new ArrayList<>();
        for (JsonNode token : list) {
            String text = token.path("content").asText("");
            if (!text.isEmpty()) {
                tokens.add(
                        new Token(
                                text,
                                token.path("id").asInt(),
                                token.path("lstrip").asBoolean(),
                                token.path("rstrip").asBoolean()));
            }
        }
        // Of several that begin at one place the longest is meant.
        tokens.sort(Comparator.comparingInt((Token token) -> token.text().length()).reversed());
        return new AddedTokens(List.copyOf(tokens));
    }

    List<Piece> split(String text) {
        List<Piece> pieces = new ArrayList<>();
        int start = 0;
        int at = 0;
        while (at < text.length()) {
            Token found = at(text, at);
            if (found == null) {
                at++;
                continue;
            }
            int end = at;
            while (found.left() && end > start && isSpace(text, end - 1)) {
                end--;
            }
            add(pieces, text.substring(start, end));
            int next = at + found.text().length();
            while (found.right() && next < text.length() && isSpace(text, next)) {
                next++;
            }
            pieces.add(new Piece(text.substring(end, next), found.id()));
            start = next;
            at = next;
        }
        add(pieces, text.substring(start));
        return pieces;
    }

    private static boolean isSpace(String text, int at) {
        return Character.isWhitespace(text.charAt(at));
    }

    private @org.jspecify.annotations.Nullable Token at(String text, int at) {
        for (Token token : tokens) {
            if (text.startsWith(token.text(), at)) {
                return token;
            }
        }
        return null;
    }

    private static void add(List<Piece> pieces, String text) {
        if (!text.isEmpty()) {
            pieces.add(new Piece(text, -1));
        }
    }
}
