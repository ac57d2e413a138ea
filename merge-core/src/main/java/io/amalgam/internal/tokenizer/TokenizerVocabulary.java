package io.amalgam.internal.tokenizer;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The tokens a {@code tokenizer.json} names, with their ids: those of its model (BPE, WordPiece,
 * WordLevel: a mapping; Unigram: a list, whose ids are its indices) and those added to it. Merges,
 * normalisers and all else are left unread.
 */
public final class TokenizerVocabulary {
    /** What the file is called in a model's directory. */
    public static final String NAME = "tokenizer.json";

    /** Far above any vocabulary there is: an id beyond it is damage. */
    private static final int LARGEST_ID = (1 << 24) - 1;

    private final Path file;
    private final Map<String, Integer> model = new LinkedHashMap<>();
    private final List<AddedToken> added = new ArrayList<>();

    private TokenizerVocabulary(Path file) {
        this.file = file;
    }

    /**
     * @throws BadInputException if the file is damaged, has no vocabulary, or gives one id to two
     *     tokens
     */
    public static TokenizerVocabulary read(Path file) throws IOException {
        TokenizerVocabulary tokenizer = new TokenizerVocabulary(file);
        JsonText.read(file, tokenizer::readRoot);
        if (tokenizer.model.isEmpty()) {
            throw tokenizer.bad(
                    Problem.expected("tokenizer", "a vocabulary under 'model'", "none")
                            .hint("save it again with a current version of transformers"));
        }
        tokenizer.checkIds();
        return tokenizer;
    }

    Path file() {
        return file;
    }

    /** The model's own tokens by text; added ones may be among them. */
    Map<String, Integer> model() {
        return model;
    }

    List<AddedToken> added() {
        return added;
    }

    /** The texts of all tokens. */
    public Set<String> tokens() {
        return ids().keySet();
    }

    /** The ids of all tokens. */
    public Map<String, Integer> ids() {
        Map<String, Integer> all = new LinkedHashMap<>(model);
        added.forEach(token -> all.put(token.content(), token.id()));
        return all;
    }

    private Void readRoot(JsonParser parser) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw bad(Problem.expected("tokenizer", "a JSON object", "something else"));
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            JsonToken value = parser.nextToken();
            if (key.equals("added_tokens") && value == JsonToken.START_ARRAY) {
                readAdded(parser);
            } else if (key.equals("model") && value == JsonToken.START_OBJECT) {
                readModel(parser);
            } else {
                parser.skipChildren();
            }
        }
        return null;
    }

    private void readAdded(JsonParser parser) throws IOException {
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            JsonNode node = parser.readValueAsTree();
            if (!node.path("content").isTextual()) {
                throw bad(
                        Problem.expected(
                                "item of 'added_tokens'",
                                "an object with 'id' and 'content'",
                                node));
            }
            added.add(AddedToken.of(id(node.path("content").asText(), node.path("id")), node));
        }
    }

    private int id(String token, JsonNode node) {
        if (node.isIntegralNumber() && node.canConvertToInt()) {
            int id = node.intValue();
            if (id >= 0 && id <= LARGEST_ID) {
                return id;
            }
        }
        throw bad(
                Problem.expected(
                        "id of token '" + token + "'",
                        "a whole number from 0 to " + LARGEST_ID,
                        node.isMissingNode() ? "nothing" : node));
    }

    private void readModel(JsonParser parser) throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            JsonToken value = parser.nextToken();
            if (key.equals("vocab") && value == JsonToken.START_OBJECT) {
                readMapping(parser);
            } else if (key.equals("vocab") && value == JsonToken.START_ARRAY) {
                readList(parser);
            } else {
                parser.skipChildren();
            }
        }
    }

    private void readMapping(JsonParser parser) throws IOException {
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String token = parser.currentName();
            parser.nextToken();
            JsonNode value = parser.readValueAsTree();
            if (model.putIfAbsent(token, id(token, value)) != null) {
                throw bad(Problem.of("token '" + token + "' is in the vocabulary twice"));
            }
        }
    }

    /** Unigram: pairs of a token and its score. */
    private void readList(JsonParser parser) throws IOException {
        int id = 0;
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            JsonNode pair = parser.readValueAsTree();
            if (!pair.path(0).isTextual()) {
                throw bad(
                        Problem.expected(
                                "item " + id + " of the vocabulary", "[token, score]", pair));
            }
            // Where a token is listed twice, the library knows it by its last place.
            model.put(pair.path(0).asText(), id++);
        }
    }

    /** One id for two tokens, or two ids for one, would make rows of embeddings ambiguous. */
    private void checkIds() {
        BitSet taken = new BitSet();
        model.forEach((token, id) -> claim(taken, token, id));
        Map<String, Integer> seen = new LinkedHashMap<>();
        for (AddedToken token : added) {
            Integer known = model.get(token.content());
            if (known == null) {
                known = seen.get(token.content());
            }
            if (known == null) {
                claim(taken, token.content(), token.id());
            } else if (known != token.id()) {
                throw bad(
                        Problem.of(
                                        "token '"
                                                + token.content()
                                                + "' has two ids, "
                                                + known
                                                + " and "
                                                + token.id())
                                .hint("correct one of them"));
            }
            seen.put(token.content(), token.id());
        }
    }

    private void claim(BitSet taken, String token, int id) {
        if (taken.get(id)) {
            throw bad(
                    Problem.of(
                                    "tokens '"
                                            + holder(id)
                                            + "' and '"
                                            + token
                                            + "' have the same id, "
                                            + id)
                            .hint("give each token of the model an id of its own"));
        }
        taken.set(id);
    }

    private String holder(int id) {
        for (Map.Entry<String, Integer> entry : model.entrySet()) {
            if (entry.getValue() == id) {
                return entry.getKey();
            }
        }
        return added.stream()
                .filter(token -> token.id() == id)
                .map(AddedToken::content)
                .findFirst()
                .orElse("");
    }

    private BadInputException bad(Problem problem) {
        return new BadInputException(problem.at("'" + file + "'"));
    }
}
