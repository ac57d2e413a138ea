package io.amalgam.internal.formats.gguf;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/** The tokenizer that the keys of a GGUF file hold. */
final class HeldTokenizer {
    /** A whole {@code tokenizer.json}; few files have it. */
    private static final String WHOLE = "tokenizer.huggingface.json";

    private static final String PREFIX = "tokenizer.ggml.";

    /** How a vocabulary makes tokens of a text. */
    enum Model {
        /** Merges of bytes, within words that a rule splits off. */
        BYTE_PAIRS,
        /** Pieces with scores, of SentencePiece. */
        SCORED_PIECES,
        WORD_PIECES
    }

    private final GgufMetadata keys;
    private final Model model;
    private final List<String> texts;
    private final Optional<GgufValue.Numbers> kinds;

    private HeldTokenizer(GgufMetadata keys, Model model) {
        this.keys = keys;
        this.model = model;
        this.texts = keys.texts(PREFIX + "tokens").orElse(List.of());
        this.kinds = keys.numbers(PREFIX + "token_type").filter(k -> k.size() == texts.size());
    }

    static boolean isIn(GgufMetadata keys) {
        return keys.has(PREFIX + "model");
    }

    /** That of a file whose tokenizer can be written as tokenizer.json. */
    static Optional<HeldTokenizer> of(GgufMetadata keys) {
        return unfit(keys).isEmpty()
                ? Optional.of(new HeldTokenizer(keys, model(keys).orElseThrow()))
                : Optional.empty();
    }

    private static Optional<Model> model(GgufMetadata keys) {
        return switch (keys.text(PREFIX + "model").orElse("")) {
            case "gpt2" -> Optional.of(Model.BYTE_PAIRS);
            case "llama" -> Optional.of(Model.SCORED_PIECES);
            case "bert" -> Optional.of(Model.WORD_PIECES);
            default -> Optional.empty();
        };
    }

    /** Why a tokenizer cannot be written as tokenizer.json; empty if it can. */
    static Optional<String> unfit(GgufMetadata keys) {
        Optional<Model> model = model(keys);
        if (model.isEmpty()) {
            return Optional.of("its kind is '" + keys.text(PREFIX + "model").orElse("") + "'");
        }
        int tokens = keys.texts(PREFIX + "tokens").map(List::size).orElse(0);
        if (tokens == 0) {
            return Optional.of("it has no tokens");
        }
        return switch (model.get()) {
            case BYTE_PAIRS -> {
                String rule = keys.text(PREFIX + "pre").orElse("");
                if (keys.texts(PREFIX + "merges").isEmpty()) {
                    yield Optional.of("it has no merges");
                }
                yield SplittingRule.steps(rule).isPresent()
                        ? Optional.empty()
                        : Optional.of(
                                rule.isEmpty()
                                        ? "it does not name the rule that splits text"
                                        : "the rule '" + rule + "' that splits text is not known");
            }
            case SCORED_PIECES ->
                    keys.numbers(PREFIX + "scores").filter(s -> s.size() == tokens).isEmpty()
                            ? Optional.of("it has no score for each token")
                            : Optional.empty();
            case WORD_PIECES -> Optional.empty();
        };
    }

    Model model() {
        return model;
    }

    Optional<String> whole() {
        return keys.text(WHOLE);
    }

    String rule() {
        return text("pre").orElse("default");
    }

    String architecture() {
        return keys.architecture().orElse("");
    }

    /** Tokens of a text, at most. */
    Optional<Long> context() {
        var length = keys.whole(architecture() + ".context_length");
        return length.isPresent() ? Optional.of(length.getAsLong()) : Optional.empty();
    }

    int size() {
        return texts.size();
    }

    String token(int id) {
        return texts.get(id);
    }

    int kind(int id) {
        return kinds.map(all -> (int) all.whole(id)).orElse(TokenList.NORMAL);
    }

    /** Whether a number has no token: vocabularies are padded to the rows of the embedding. */
    boolean isPadding(int id) {
        // Vocabularies of words mark it like a word.
        return kind(id) == TokenList.UNUSED
                && texts.get(id).replace("\u2581", "").equals("[PAD" + id + "]");
    }

    boolean isAdded(int id) {
        return kind(id) == TokenList.CONTROL || kind(id) == TokenList.USER_DEFINED;
    }

    double score(int id) {
        return keys.numbers(PREFIX + "scores").orElseThrow().real(id);
    }

    List<String> merges() {
        return keys.texts(PREFIX + "merges").orElse(List.of());
    }

    /** The number of the token with a role, such as {@code bos}. */
    OptionalInt special(String role) {
        String name =
                switch (role) {
                    case "unk" -> "unknown";
                    case "sep" -> "seperator";
                    case "pad" -> "padding";
                    default -> role;
                };
        var id = keys.whole(PREFIX + name + "_token_id");
        return id.isPresent() && id.getAsLong() >= 0 && id.getAsLong() < texts.size()
                ? OptionalInt.of((int) id.getAsLong())
                : role.equals("unk") ? ofKind(TokenList.UNKNOWN) : OptionalInt.empty();
    }

    private OptionalInt ofKind(int kind) {
        return IntStream.range(0, size()).filter(id -> kind(id) == kind).findFirst();
    }

    Optional<Boolean> flag(String name) {
        return keys.flag(PREFIX + name);
    }

    Optional<String> text(String name) {
        return keys.text(PREFIX + name);
    }

    /** A chat template and its name. */
    record Template(String name, String text) {}

    /** The chat templates; the one without a name of its own is {@code default}. */
    List<Template> templates() {
        List<Template> all = new ArrayList<>();
        keys.text("tokenizer.chat_template").ifPresent(t -> all.add(new Template("default", t)));
        for (String name : keys.texts("tokenizer.chat_templates").orElse(List.of())) {
            keys.text("tokenizer.chat_template." + name)
                    .ifPresent(t -> all.add(new Template(name, t)));
        }
        return all;
    }
}
