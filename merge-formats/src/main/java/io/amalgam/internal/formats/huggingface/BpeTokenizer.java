package io.amalgam.internal.formats.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A model's {@code tokenizer.json}, as far as encoding short prompts needs it: byte-pair encoding
 * with the normalisers and splits that decoder models use. What is not known is refused by name,
 * for wrong tokens would be worse. Immutable, safe for use by many threads.
 */
public final class BpeTokenizer {
    private final String begin;
    private final AddedTokens added;
    private final TextNormalizer normaliser;
    private final PreTokenizer split;
    private final BytePairs pairs;

    private BpeTokenizer(
            String begin,
            AddedTokens added,
            TextNormalizer normaliser,
            PreTokenizer split,
            BytePairs pairs) {
        this.begin = begin;
        this.added = added;
        this.normaliser = normaliser;
        this.split = split;
        this.pairs = pairs;
    }

    /**
     * Reads the tokenizer beside a model.
     *
     * @throws BadInputException if there is none, or one that cannot be followed
     */
    public static BpeTokenizer read(Path model) throws IOException {
        Path file = model.resolve("tokenizer.json");
        if (!Files.isRegularFile(file)) {
            throw new BadInputException(
                    Problem.expected("model '" + model + "'", "a tokenizer.json", "none")
                            .hint("prompts are read with it: save the tokenizer in its fast form"));
        }
        ObjectNode json = JsonFiles.readObject(file);
        try {
            return new BpeTokenizer(
                    begin(model),
                    AddedTokens.of(json.path("added_tokens")),
                    TextNormalizer.of(json.path("normalizer")),
                    PreTokenizer.of(json.path("pre_tokenizer")),
                    BytePairs.of(json.path("model")));
        } catch (BadInputException e) {
            throw new BadInputException(
                    e.problems().stream().map(problem -> problem.at("'" + file + "'")).toList());
        }
    }

    /** The text of the token that begins a text; empty where the model has none. */
    private static String begin(Path model) throws IOException {
        Path file = model.resolve("tokenizer_config.json");
        if (!Files.isRegularFile(file)) {
            return "";
        }
        JsonNode token = JsonFiles.readObject(file).path("bos_token");
        return token.isObject() ? token.path("content").asText("") : token.asText("");
    }

    static BadInputException unknown(String what, JsonNode found) {
        String type = found.isObject() ? found.path("type").asText("?") : found.toString();
        return new BadInputException(
                Problem.expected(what, "one this version can follow", "'" + type + "'")
                        .hint("choose gates that need no prompts"));
    }

    /** The numbers of a prompt's tokens, after the one that begins a text. */
    public int[] encodePrompt(String prompt) {
        return encode(begin + prompt);
    }

    /** The numbers of a text's tokens; no special token is added. */
    public int[] encode(String text) {
        List<Integer> ids = new ArrayList<>();
        int at = 0;
        for (AddedTokens.Piece piece : added.split(text)) {
            if (piece.id() >= 0) {
                ids.add(piece.id());
            } else {
                String normal = normaliser.apply(piece.text());
                for (String word : split.apply(normal, at == 0)) {
                    pairs.encode(word, ids);
                }
            }
            at += piece.text().length();
        }
        return ids.stream().mapToInt(Integer::intValue).toArray();
    }
}
