package io.amalgam.internal.formats.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The keys of a tokenizer, made of its files as llama.cpp's converter does. */
final class TokenizerKeys {
    private static final String MODEL = "tokenizer.ggml.model";
    private static final String PRE = "tokenizer.ggml.pre";
    private static final String BYTE = "<0x[0-9A-Fa-f]{2}>";

    private final GgufArchitecture architecture;
    private final ObjectNode config;
    private final TokenizerFiles files;
    private final Optional<String> pre;
    private final int size;
    private final KeyList keys;

    private TokenizerKeys(
            GgufArchitecture architecture,
            ObjectNode config,
            TokenizerFiles files,
            Optional<String> pre,
            KeyList keys) {
        this.architecture = architecture;
        this.config = config;
        this.files = files;
        this.pre = pre;
        this.size = (int) ModelSettings.of(config).needed("vocab_size");
        this.keys = keys;
    }

    /**
     * Adds a tokenizer's keys.
     *
     * @param pre the name of the rule that splits text; empty to find it
     * @return how many tokens there are, without padding
     * @throws BadInputException if it cannot be expressed
     */
    static int add(
            GgufArchitecture architecture,
            ObjectNode config,
            TokenizerFiles files,
            Optional<String> pre,
            KeyList keys) {
        return new TokenizerKeys(architecture, config, files, pre, keys).add();
    }

    private int add() {
        JsonNode tokenizer = files.json("tokenizer.json");
        JsonNode settings = files.json("tokenizer_config.json");
        if (architecture == GgufArchitecture.BERT || architecture == GgufArchitecture.DISTILBERT) {
            return wordPieces(required(tokenizer));
        }
        if (architecture == GgufArchitecture.ROBERTA) {
            int tokens = bytePairs(required(tokenizer));
            keys.whole("tokenizer.ggml.token_type_count", tokenTypes());
            return tokens;
        }
        if (architecture.rotaryPairs() && settings.path("add_prefix_space").isBoolean()) {
            keys.flag(
                    "tokenizer.ggml.add_space_prefix",
                    settings.path("add_prefix_space").asBoolean());
        }
        boolean bytes =
                architecture == GgufArchitecture.PHI3
                        && settings.path("tokenizer_class").asText().equals("GPT2Tokenizer");
        Optional<byte[]> pieces = bytes ? Optional.empty() : files.bytes("tokenizer.model");
        int tokens;
        if (pieces.isPresent()) {
            tokens = sentencePieces(pieces.get(), tokenizer, settings);
        } else if (required(tokenizer).path("model").path("byte_fallback").asBoolean()) {
            tokens = bytesAsLast(tokenizer);
        } else {
            return bytePairs(tokenizer);
        }
        if (architecture.shiftedNorms()) {
            keys.flag("tokenizer.ggml.add_space_prefix", false);
        }
        return tokens;
    }

    private JsonNode required(JsonNode tokenizer) {
        String kind = tokenizer.path("model").path("type").asText("");
        boolean words =
                architecture == GgufArchitecture.BERT
                        || architecture == GgufArchitecture.DISTILBERT;
        String wanted = words ? "WordPiece" : "BPE";
        // Old files do not say that they are byte pairs.
        boolean unsaid = kind.isEmpty() && !words && tokenizer.path("model").has("merges");
        if (!tokenizer.isObject() || !(kind.equals(wanted) || unsaid)) {
            throw new BadInputException(
                    Problem.expected(
                                    "tokenizer of the model",
                                    "a tokenizer.json with a model of kind "
                                            + wanted
                                            + (words ? "" : ", or a tokenizer.model"),
                                    tokenizer.isObject() ? "one of kind '" + kind + "'" : "none")
                            .at("'" + files.place() + "'")
                            .hint("GGUF holds the tokenizer: put its files beside the model"));
        }
        return tokenizer;
    }

    private long tokenTypes() {
        return ModelSettings.of(config).whole("type_vocab_size").orElse(1L);
    }

    private int wordPieces(JsonNode tokenizer) {
        TokenList tokens = new TokenList(size, 0);
        int count = vocabulary(tokenizer, tokens);
        tokens.wordPieces();
        keys.whole("tokenizer.ggml.token_type_count", tokenTypes());
        keys.text(MODEL, "bert").text(PRE, pre.orElse("jina-v2-en"));
        tokens.addTo(keys, false);
        special();
        return count;
    }

    private int bytePairs(JsonNode tokenizer) {
        TokenList tokens = new TokenList(size, 0);
        int count = vocabulary(tokenizer, tokens);
        keys.text(MODEL, "gpt2").text(PRE, rule(tokenizer));
        tokens.addTo(keys, false);
        keys.texts("tokenizer.ggml.merges", merges(tokenizer));
        special();
        return count;
    }

    private String rule(JsonNode tokenizer) {
        if (pre.isPresent()) {
            return pre.get();
        }
        if (architecture == GgufArchitecture.ROBERTA) {
            return "roberta-bpe";
        }
        return SplittingRule.of(tokenizer)
                .orElseThrow(
                        () ->
                                new BadInputException(
                                        Problem.expected(
                                                        "'pre_tokenizer' of tokenizer.json",
                                                        "a rule that llama.cpp has a name for",
                                                        "another one")
                                                .at("'" + files.place() + "'")
                                                .hint(
                                                        "name the nearest one: GgufOutput.splitting(NAME)")));
    }

    /** Byte pairs with single bytes as the last resort, as of Llama 2. */
    private int bytesAsLast(JsonNode tokenizer) {
        TokenList tokens = new TokenList(size, -1000);
        Set<String> special = new HashSet<>();
        for (JsonNode token : tokenizer.path("added_tokens")) {
            String text = token.path("content").asText();
            boolean control = token.path("special").asBoolean();
            if (control) {
                special.add(text);
            }
            tokens.set(
                    token.path("id").asLong(),
                    text,
                    -1000,
                    control ? TokenList.CONTROL : TokenList.USER_DEFINED);
        }
        tokenizer
                .path("model")
                .path("vocab")
                .properties()
                .forEach(
                        entry -> {
                            String text = entry.getKey();
                            int kind =
                                    text.matches(BYTE)
                                            ? TokenList.BYTE
                                            : special.contains(text)
                                                    ? TokenList.CONTROL
                                                    : TokenList.NORMAL;
                            tokens.set(number(entry.getValue().asLong()), text, -1000, kind);
                        });
        keys.text(MODEL, "llama").text(PRE, pre.orElse("default"));
        tokens.addTo(keys, true);
        special();
        return size;
    }

    private int sentencePieces(byte[] model, JsonNode tokenizer, JsonNode settings) {
        List<SentencePieces.Piece> pieces = SentencePieces.read(model);
        TokenList tokens = new TokenList(size, -10000);
        for (int id = 0; id < Math.min(size, pieces.size()); id++) {
            SentencePieces.Piece piece = pieces.get(id);
            int kind = piece.kind() == TokenList.USER_DEFINED ? TokenList.NORMAL : piece.kind();
            tokens.set(id, piece.text(), piece.score(), kind);
        }
        files.json("added_tokens.json")
                .properties()
                .forEach(
                        entry ->
                                tokens.set(
                                        entry.getValue().asLong(),
                                        entry.getKey(),
                                        -1000,
                                        TokenList.USER_DEFINED));
        settings.path("added_tokens_decoder")
                .properties()
                .forEach(
                        entry ->
                                tokens.add(
                                        Long.parseLong(entry.getKey()),
                                        entry.getValue().path("content").asText(),
                                        entry.getValue().path("special").asBoolean()));
        if (architecture == GgufArchitecture.PHI3) {
            for (JsonNode token : tokenizer.path("added_tokens")) {
                tokens.add(
                        token.path("id").asLong(),
                        token.path("content").asText(),
                        token.path("special").asBoolean());
            }
        }
        keys.text(MODEL, "llama").text(PRE, pre.orElse("default"));
        tokens.addTo(keys, true);
        special();
        return size;
    }

    /** Fills in the tokens of a tokenizer.json; returns how many there are. */
    private int vocabulary(JsonNode tokenizer, TokenList tokens) {
        Set<Long> ids = new HashSet<>();
        tokenizer
                .path("model")
                .path("vocab")
                .properties()
                .forEach(
                        entry -> {
                            long id = number(entry.getValue().asLong());
                            ids.add(id);
                            tokens.set(id, entry.getKey(), 0, TokenList.NORMAL);
                        });
        for (JsonNode token : tokenizer.path("added_tokens")) {
            long id = number(token.path("id").asLong());
            ids.add(id);
            tokens.add(id, token.path("content").asText(), token.path("special").asBoolean());
        }
        return ids.size();
    }

    private long number(long id) {
        if (id < 0 || id >= size) {
            throw new BadInputException(
                    Problem.expected(
                                    "tokens of tokenizer.json",
                                    "numbers below 'vocab_size', which is " + size,
                                    id)
                            .at("'" + files.place() + "'")
                            .hint("tokenizer and model do not belong together"));
        }
        return id;
    }

    private static List<String> merges(JsonNode tokenizer) {
        List<String> merges = new ArrayList<>();
        for (JsonNode merge : tokenizer.path("model").path("merges")) {
            merges.add(
                    merge.isTextual()
                            ? merge.asText()
                            : merge.path(0).asText().replace(' ', '\u0120')
                                    + " "
                                    + merge.path(1).asText().replace(' ', '\u0120'));
        }
        return merges;
    }

    private void special() {
        new SpecialTokens(files).addTo(keys, config, size);
    }
}
