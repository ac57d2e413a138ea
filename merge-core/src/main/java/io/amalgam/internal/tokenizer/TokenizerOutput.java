package io.amalgam.internal.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.OutputLayout.SmallFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The tokenizer files of a merged model, where they differ from those of the model whose tokenizer
 * it takes over: the same tokens in all of them.
 */
public final class TokenizerOutput {
    private static final String CONFIG = "tokenizer_config.json";
    private static final String SPECIAL = "special_tokens_map.json";
    private static final String ADDED = "added_tokens.json";
    private static final String PROCESSOR_TEMPLATE = "chat_template.json";

    /** Vocabularies of tiktoken have names of their own. */
    private static final String TIKTOKEN = ".tiktoken";

    /** Vocabularies as other libraries read them. They cannot lose tokens. */
    private static final List<String> VOCABULARIES =
            List.of(
                    "vocab.json",
                    "merges.txt",
                    "vocab.txt",
                    "tokenizer.model",
                    "spiece.model",
                    "sentencepiece.bpe.model",
                    "sentencepiece.model",
                    "spm.model",
                    "spm_char.model",
                    "source.spm",
                    "target.spm",
                    "target_vocab.json",
                    "vocab-src.json",
                    "vocab-tgt.json",
                    "entity_vocab.json",
                    "bpe.codes",
                    "dict.txt",
                    "prophetnet.tokenizer",
                    "byte_maps.json",
                    "word_shape.json",
                    "word_pronunciation.json",
                    "emoji.json",
                    "unigram.json",
                    "tekken.json",
                    "tiktoken.model");

    private static final Set<String> FILES = new HashSet<>(VOCABULARIES);

    static {
        FILES.addAll(
                List.of(
                        TokenizerVocabulary.NAME,
                        CONFIG,
                        SPECIAL,
                        ADDED,
                        ChatTemplates.FILE,
                        PROCESSOR_TEMPLATE,
                        "normalizer.json"));
    }

    private final Path directory;
    private final Map<String, byte[]> made = new LinkedHashMap<>();
    private final Set<String> dropped = new HashSet<>();
    private boolean dropsVocabularies;
    private final List<String> lostRoles = new ArrayList<>();

    private TokenizerOutput(Path directory) {
        this.directory = directory;
    }

    /** Whether a file beside a model's weights is a part of its tokenizer. */
    public static boolean isTokenizerFile(Path name) {
        return FILES.contains(name.toString()) || name.toString().endsWith(TIKTOKEN);
    }

    /**
     * @param directory of the model whose tokenizer it is
     * @param vocabulary the tokens, made from that model's tokenizer; empty if they stay
     * @param template the chat template; empty if it stays
     * @throws io.amalgam.error.BadInputException if a file is damaged, or tokens cannot be added
     */
    public static TokenizerOutput of(
            Path directory, Optional<MergedVocabulary> vocabulary, Optional<String> template)
            throws IOException {
        TokenizerOutput output = new TokenizerOutput(directory);
        Optional<MergedVocabulary> changed = vocabulary.filter(MergedVocabulary::changed);
        if (changed.isPresent()) {
            output.tokens(changed.get());
        }
        output.configuration(changed, template);
        if (template.isPresent()) {
            output.template(template.get());
        }
        return output;
    }

    /** Files whose content differs. */
    public List<SmallFile> made() {
        List<SmallFile> files = new ArrayList<>();
        made.forEach((name, content) -> files.add(new SmallFile(name, content)));
        return files;
    }

    /** Whether the model's own file of this name is not copied: made anew, or left out. */
    public boolean replaces(Path name) {
        String file = name.toString();
        boolean vocabulary = VOCABULARIES.contains(file) || file.endsWith(TIKTOKEN);
        return made.containsKey(file)
                || dropped.contains(file)
                || (dropsVocabularies && vocabulary);
    }

    /** Roles, as {@code pad_token '<pad>'}, whose token has no row and that therefore are empty. */
    public List<String> lostRoles() {
        return lostRoles;
    }

    private boolean has(String name) {
        return Files.isRegularFile(directory.resolve(name));
    }

    private void tokens(MergedVocabulary vocabulary) throws IOException {
        vocabulary.checkNumbering();
        made.put(TokenizerVocabulary.NAME, TokenizerEdit.edit(vocabulary));
        boolean shrunk =
                vocabulary.removed().stream().anyMatch(vocabulary.start().model()::containsKey);
        if (shrunk) {
            dropsVocabularies = true;
        }
        if (has(ADDED)) {
            ObjectNode added = JsonText.readObject(directory.resolve(ADDED));
            added.remove(vocabulary.removed());
            for (String token : vocabulary.appended()) {
                added.put(token, vocabulary.ids().get(token));
            }
            made.put(ADDED, JsonText.bytes(added));
        }
        if (has(SPECIAL)) {
            ObjectNode special = JsonText.readObject(directory.resolve(SPECIAL));
            withoutLost(special, vocabulary.removed());
            made.put(SPECIAL, JsonText.bytes(special));
        }
    }

    private void configuration(Optional<MergedVocabulary> vocabulary, Optional<String> template)
            throws IOException {
        if (!has(CONFIG) || (vocabulary.isEmpty() && template.isEmpty())) {
            return;
        }
        ObjectNode config = JsonText.readObject(directory.resolve(CONFIG));
        if (vocabulary.isPresent()) {
            lostRoles.addAll(withoutLost(config, vocabulary.get().removed()));
            if (config.get("added_tokens_decoder") instanceof ObjectNode decoder) {
                decoder.removeAll();
                for (AddedToken token : vocabulary.get().addedTokens()) {
                    decoder.set(String.valueOf(token.id()), settings(decoder, token));
                }
            }
        }
        template.ifPresent(text -> config.put("chat_template", text));
        made.put(CONFIG, JsonText.bytes(config));
    }

    private static ObjectNode settings(ObjectNode parent, AddedToken token) {
        ObjectNode node = parent.objectNode();
        node.put("content", token.content());
        node.put("lstrip", token.lstrip());
        node.put("normalized", token.normalized());
        node.put("rstrip", token.rstrip());
        node.put("single_word", token.singleWord());
        node.put("special", token.special());
        return node;
    }

    /** Empties the roles of tokens that are gone: loading would add them again, without a row. */
    private static List<String> withoutLost(ObjectNode roles, Set<String> removed) {
        List<String> lost = new ArrayList<>();
        List<String> keys = new ArrayList<>();
        roles.fieldNames().forEachRemaining(keys::add);
        for (String key : keys) {
            JsonNode value = roles.get(key);
            if (key.endsWith("_token") && removed.contains(content(value))) {
                lost.add(key + " '" + content(value) + "'");
                roles.remove(key);
            } else if (key.endsWith("special_tokens") && value instanceof ArrayNode list) {
                Iterator<JsonNode> items = list.iterator();
                while (items.hasNext()) {
                    if (removed.contains(content(items.next()))) {
                        items.remove();
                    }
                }
            }
        }
        return lost;
    }

    /** A token is written as its text, or with its settings. */
    private static String content(JsonNode token) {
        return token.isObject() ? token.path("content").asText() : token.asText();
    }

    private void template(String text) {
        made.put(ChatTemplates.FILE, text.getBytes(StandardCharsets.UTF_8));
        if (has(PROCESSOR_TEMPLATE)) {
            ObjectNode node =
                    new ObjectNode(com.fasterxml.jackson.databind.node.JsonNodeFactory.instance);
            node.put("chat_template", text);
            made.put(PROCESSOR_TEMPLATE, JsonText.bytes(node));
        }
    }
}
