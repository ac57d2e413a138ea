package io.amalgam.internal.formats.gguf;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.OptionalInt;

/** A {@code tokenizer_config.json}: special tokens by role, and the chat template. */
final class TokenizerSettings {
    private static final List<String> ROLES = List.of("bos", "eos", "unk", "sep", "pad", "mask");

    private static final List<String> OF_WORDS = List.of("unk", "sep", "pad", "mask");

    private TokenizerSettings() {}

    static ObjectNode of(HeldTokenizer tokenizer) {
        ObjectNode root = new ObjectMapper().createObjectNode();
        // The class that takes tokenizer.json as it is.
        root.put("tokenizer_class", "PreTrainedTokenizerFast");
        boolean words = tokenizer.model() == HeldTokenizer.Model.WORD_PIECES;
        for (String role : words ? OF_WORDS : ROLES) {
            put(root, tokenizer, role, role);
        }
        if (words || tokenizer.rule().equals("roberta-bpe")) {
            put(root, tokenizer, "cls", "bos");
            if (!root.has("sep_token")) {
                put(root, tokenizer, "sep", "eos");
            }
        }
        tokenizer.context().ifPresent(length -> root.put("model_max_length", length));
        root.put("clean_up_tokenization_spaces", false);
        List<HeldTokenizer.Template> templates = tokenizer.templates();
        if (templates.size() == 1) {
            root.put("chat_template", templates.get(0).text());
        } else if (!templates.isEmpty()) {
            ArrayNode list = root.putArray("chat_template");
            templates.forEach(
                    t -> list.addObject().put("name", t.name()).put("template", t.text()));
        }
        return root;
    }

    private static void put(ObjectNode root, HeldTokenizer tokenizer, String role, String key) {
        OptionalInt id = tokenizer.special(key);
        if (id.isPresent()) {
            root.put(role + "_token", tokenizer.token(id.getAsInt()));
        }
    }
}
