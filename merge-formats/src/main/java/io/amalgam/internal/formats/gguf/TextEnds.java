package io.amalgam.internal.formats.gguf;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.OptionalInt;
import java.util.TreeMap;

/** The tokens that a GGUF file's tokenizer puts around every text. */
final class TextEnds {
    private final HeldTokenizer tokenizer;
    private final OptionalInt first;
    private final OptionalInt last;

    private TextEnds(HeldTokenizer tokenizer, OptionalInt first, OptionalInt last) {
        this.tokenizer = tokenizer;
        this.first = first;
        this.last = last;
    }

    static TextEnds of(HeldTokenizer tokenizer) {
        HeldTokenizer.Model model = tokenizer.model();
        boolean words = model == HeldTokenizer.Model.WORD_PIECES;
        boolean roberta = tokenizer.rule().equals("roberta-bpe");
        // What llama.cpp does where the file does not say.
        boolean begins =
                model != HeldTokenizer.Model.BYTE_PAIRS
                        || roberta
                        || tokenizer.rule().equals(SplittingRule.LLAMA);
        OptionalInt bos = or(tokenizer, "bos", words ? "cls" : "bos");
        OptionalInt end = words ? or(tokenizer, "sep", "eos") : tokenizer.special("eos");
        return new TextEnds(
                tokenizer,
                tokenizer.flag("add_bos_token").orElse(begins) ? bos : OptionalInt.empty(),
                tokenizer.flag("add_eos_token").orElse(words || roberta)
                        ? end
                        : OptionalInt.empty());
    }

    private static OptionalInt or(HeldTokenizer tokenizer, String role, String other) {
        OptionalInt id = tokenizer.special(role);
        return id.isPresent() ? id : tokenizer.special(other);
    }

    /** As a processor of tokenizer.json; empty if nothing is put around texts. */
    ObjectNode processor(ObjectNode made) {
        if (first.isEmpty() && last.isEmpty()) {
            return made;
        }
        boolean words = tokenizer.model() == HeldTokenizer.Model.WORD_PIECES;
        boolean roberta = tokenizer.rule().equals("roberta-bpe");
        made.put("type", "TemplateProcessing");
        ArrayNode single = made.putArray("single");
        text(single, "A", 0, first);
        ArrayNode pair = made.putArray("pair");
        text(pair, "A", 0, first);
        if (roberta && last.isPresent()) {
            token(pair, last.getAsInt(), 0);
        }
        text(pair, "B", words ? 1 : 0, words || roberta ? OptionalInt.empty() : first);
        ObjectNode tokens = made.putObject("special_tokens");
        var used = new TreeMap<String, Integer>();
        first.ifPresent(id -> used.put(tokenizer.token(id), id));
        last.ifPresent(id -> used.put(tokenizer.token(id), id));
        used.forEach(
                (text, id) -> {
                    ObjectNode token = tokens.putObject(text).put("id", text);
                    token.putArray("ids").add((int) id);
                    token.putArray("tokens").add(text);
                });
        return made;
    }

    private void text(ArrayNode parts, String name, int type, OptionalInt before) {
        before.ifPresent(id -> token(parts, id, type));
        parts.addObject().putObject("Sequence").put("id", name).put("type_id", type);
        last.ifPresent(id -> token(parts, id, type));
    }

    private void token(ArrayNode parts, int id, int type) {
        parts.addObject()
                .putObject("SpecialToken")
                .put("id", tokenizer.token(id))
                .put("type_id", type);
    }
}
