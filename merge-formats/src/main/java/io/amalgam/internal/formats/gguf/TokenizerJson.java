package io.amalgam.internal.formats.gguf;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** A {@code tokenizer.json} that makes the tokens that llama.cpp makes of a GGUF file's keys. */
final class TokenizerJson {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String SPACE = "\u2581";
    private static final String CONTINUED = "##";

    /** Of Phi-3, which llama.cpp knows by its name: these do not take the spaces behind them. */
    private static final Set<String> PHI3_PLAIN = Set.of("<unk>", "<s>", "<|endoftext|>");

    private final HeldTokenizer tokenizer;
    private final ObjectNode root = JSON.createObjectNode();

    private TokenizerJson(HeldTokenizer tokenizer) {
        this.tokenizer = tokenizer;
    }

    static ObjectNode of(HeldTokenizer tokenizer) {
        TokenizerJson json = new TokenizerJson(tokenizer);
        json.build();
        return json.root;
    }

    private void build() {
        root.put("version", "1.0").putNull("truncation").putNull("padding");
        added();
        switch (tokenizer.model()) {
            case BYTE_PAIRS -> bytePairs();
            case SCORED_PIECES -> scoredPieces();
            case WORD_PIECES -> wordPieces();
        }
    }

    private void added() {
        ArrayNode added = root.putArray("added_tokens");
        OptionalInt mask = tokenizer.special("mask");
        boolean roberta = tokenizer.rule().equals("roberta-bpe");
        boolean phi3 = tokenizer.architecture().equals("phi3");
        for (int id = 0; id < tokenizer.size(); id++) {
            boolean unknown = tokenizer.kind(id) == TokenList.UNKNOWN;
            if (!tokenizer.isAdded(id) && !unknown) {
                continue;
            }
            String text = tokenizer.token(id);
            added.addObject()
                    .put("id", id)
                    .put("content", text)
                    .put("single_word", false)
                    .put("lstrip", roberta && mask.isPresent() && mask.getAsInt() == id)
                    .put("rstrip", phi3 && !PHI3_PLAIN.contains(text))
                    .put("normalized", false)
                    .put("special", tokenizer.kind(id) != TokenList.USER_DEFINED);
        }
    }

    private static ObjectNode step(String type) {
        return JSON.createObjectNode().put("type", type);
    }

    private static ObjectNode byteLevel(boolean trimOffsets) {
        return SplittingRule.byteLevel(true)
                .put("add_prefix_space", true)
                .put("trim_offsets", trimOffsets);
    }

    private void bytePairs() {
        boolean qwen =
                tokenizer.architecture().startsWith("qwen") && tokenizer.rule().startsWith("qwen");
        if (qwen) {
            root.set("normalizer", step("NFC"));
        } else {
            root.putNull("normalizer");
        }
        root.set("pre_tokenizer", SplittingRule.steps(tokenizer.rule()).orElseThrow());
        root.set("decoder", byteLevel(true));
        ObjectNode around = around();
        if (around.isEmpty()) {
            root.set("post_processor", byteLevel(false));
        } else {
            ObjectNode sequence = step("Sequence");
            sequence.putArray("processors").add(byteLevel(false)).add(around);
            root.set("post_processor", sequence);
        }
        ObjectNode model = model(false, SplittingRule.wholeWords(tokenizer.rule()), false);
        vocabulary(model.putObject("vocab"), "");
        ArrayNode merges = model.putArray("merges");
        tokenizer.merges().forEach(merges::add);
    }

    private ObjectNode model(boolean bytesAsLast, boolean ignoreMerges, boolean fuse) {
        ObjectNode model = root.putObject("model").put("type", "BPE").putNull("dropout");
        OptionalInt unknown = tokenizer.special("unk");
        if (bytesAsLast && unknown.isPresent()) {
            model.put("unk_token", tokenizer.token(unknown.getAsInt()));
        } else {
            model.putNull("unk_token");
        }
        return model.putNull("continuing_subword_prefix")
                .putNull("end_of_word_suffix")
                .put("fuse_unk", fuse)
                .put("byte_fallback", bytesAsLast)
                .put("ignore_merges", ignoreMerges);
    }

    /**
     * Tokens added behind the vocabulary are numbered by themselves; if their numbers have a gap,
     * all are in the vocabulary.
     */
    private void vocabulary(ObjectNode vocabulary, String continued) {
        int last = tokenizer.size() - 1;
        while (last >= 0 && (tokenizer.isPadding(last) || tokenizer.isAdded(last))) {
            last--;
        }
        boolean gap = false;
        boolean padded = false;
        for (int id = last + 1; id < tokenizer.size(); id++) {
            padded |= tokenizer.isPadding(id);
            gap |= padded && !tokenizer.isPadding(id);
        }
        int end = gap ? tokenizer.size() : last + 1;
        for (int id = 0; id < end; id++) {
            if (!tokenizer.isPadding(id)) {
                String text = word(id, continued);
                if (!vocabulary.has(text)) {
                    vocabulary.put(text, id);
                }
            }
        }
    }

    private String word(int id, String continued) {
        String text = tokenizer.token(id);
        if (continued.isEmpty() || tokenizer.kind(id) != TokenList.NORMAL) {
            return text;
        }
        return text.startsWith(SPACE) ? text.substring(1) : continued + text;
    }

    private void scoredPieces() {
        boolean prefixed = tokenizer.flag("add_space_prefix").orElse(true);
        ObjectNode spaces = step("Replace").put("content", SPACE);
        spaces.putObject("pattern").put("String", " ");
        ObjectNode back = step("Replace").put("content", " ");
        back.putObject("pattern").put("String", SPACE);
        ObjectNode decoder = step("Sequence");
        ArrayNode decoders = decoder.putArray("decoders");
        decoders.add(back).add(step("ByteFallback")).add(step("Fuse"));
        if (prefixed) {
            ObjectNode normalizer = step("Sequence");
            normalizer
                    .putArray("normalizers")
                    .add(step("Prepend").put("prepend", SPACE))
                    .add(spaces);
            root.set("normalizer", normalizer);
            decoders.add(step("Strip").put("content", " ").put("start", 1).put("stop", 0));
        } else {
            root.set("normalizer", spaces);
        }
        root.putNull("pre_tokenizer");
        root.set("decoder", decoder);
        ObjectNode around = around();
        root.set("post_processor", around.isEmpty() ? null : around);
        ObjectNode model = model(true, false, true);
        vocabulary(model.putObject("vocab"), "");
        ArrayNode merges = model.putArray("merges");
        for (ScoredMerges.Merge merge : ScoredMerges.of(tokenizer)) {
            merges.addArray().add(merge.left()).add(merge.right());
        }
    }

    private void wordPieces() {
        boolean lowercase = tokenizer.flag("normalizer.lowercase").orElseGet(this::uncased);
        Optional<Boolean> strips = tokenizer.flag("normalizer.strip_accents");
        ObjectNode normalizer =
                step("BertNormalizer")
                        .put("clean_text", true)
                        .put("handle_chinese_chars", true)
                        .put("strip_accents", strips.orElse(null))
                        .put("lowercase", lowercase);
        root.set("normalizer", normalizer);
        root.set("pre_tokenizer", step("BertPreTokenizer"));
        root.set("decoder", step("WordPiece").put("prefix", CONTINUED).put("cleanup", true));
        ObjectNode around = around();
        root.set("post_processor", around.isEmpty() ? null : around);
        OptionalInt unknown = tokenizer.special("unk");
        ObjectNode model =
                root.putObject("model")
                        .put("type", "WordPiece")
                        .put(
                                "unk_token",
                                unknown.isPresent() ? tokenizer.token(unknown.getAsInt()) : "[UNK]")
                        .put("continuing_subword_prefix", CONTINUED)
                        .put("max_input_chars_per_word", 100);
        vocabulary(model.putObject("vocab"), CONTINUED);
    }

    /** Files of the time before the key do not say it, but their words do. */
    private boolean uncased() {
        for (int id = 0; id < tokenizer.size(); id++) {
            if (tokenizer.kind(id) == TokenList.NORMAL
                    && tokenizer.token(id).chars().anyMatch(Character::isUpperCase)) {
                return false;
            }
        }
        return true;
    }

    private ObjectNode around() {
        return TextEnds.of(tokenizer).processor(JSON.createObjectNode());
    }
}
