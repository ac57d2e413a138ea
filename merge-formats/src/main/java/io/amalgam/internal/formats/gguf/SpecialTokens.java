package io.amalgam.internal.formats.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The tokens with a meaning of their own, which of them are put around every text, and the chat
 * template.
 */
final class SpecialTokens {
    private static final Map<String, String> KEYS =
            Map.of(
                    "bos", "bos_token_id",
                    "eos", "eos_token_id",
                    "unk", "unknown_token_id",
                    "sep", "seperator_token_id",
                    "pad", "padding_token_id",
                    "mask", "mask_token_id",
                    "eot", "eot_token_id");

    private final List<String> roles =
            new ArrayList<>(List.of("bos", "eos", "unk", "sep", "pad", "cls", "mask"));
    private final Map<String, String> texts = new HashMap<>();
    private final Map<String, Boolean> added = new LinkedHashMap<>();
    private final Map<String, Long> ids = new LinkedHashMap<>();
    private final TokenizerFiles files;
    private final JsonNode tokenizer;
    private final JsonNode settings;

    SpecialTokens(TokenizerFiles files) {
        this.files = files;
        this.tokenizer = files.json("tokenizer.json");
        this.settings = files.json("tokenizer_config.json");
    }

    /**
     * Adds their keys.
     *
     * @param size of the vocabulary
     */
    void addTo(KeyList keys, ObjectNode config, int size) {
        for (String role : roles) {
            text(settings.path(role + "_token")).ifPresent(text -> texts.put(role, text));
        }
        if (tokenizer.isObject()) {
            if (settings.isObject()) {
                standIn("bos", "cls");
                standIn("eos", "sep");
            }
            processors().forEach(this::process);
        }
        for (String role : roles) {
            JsonNode adds = settings.path("add_" + role + "_token");
            if (adds.isBoolean()) {
                added.put(role, adds.asBoolean());
            }
            Optional.ofNullable(texts.get(role))
                    .flatMap(this::id)
                    .ifPresent(id -> put(role, id, size));
        }
        for (String role : roles) {
            JsonNode id = config.path(role + "_token_id");
            if (id.isIntegralNumber()) {
                put(role, id.asLong(), size);
            }
        }
        ids.forEach((role, id) -> keys.whole("tokenizer.ggml." + KEYS.get(role), id));
        added.forEach((role, adds) -> keys.flag("tokenizer.ggml.add_" + role + "_token", adds));
        template(keys);
        if (lowercase(tokenizer.path("normalizer"))) {
            keys.flag("tokenizer.ggml.normalizer.lowercase", true);
        }
    }

    private static boolean lowercase(JsonNode normalizer) {
        return normalizer.path("type").asText().equals("BertNormalizer")
                && normalizer.path("lowercase").asBoolean();
    }

    private void put(String role, long id, int size) {
        if (KEYS.containsKey(role) && id >= 0 && id < size) {
            ids.putIfAbsent(role, id);
        }
    }

    private void standIn(String role, String other) {
        if (!texts.containsKey(role) && texts.containsKey(other)) {
            texts.put(role, texts.get(other));
        }
    }

    private static Optional<String> text(JsonNode entry) {
        JsonNode content = entry.isObject() ? entry.path("content") : entry;
        return content.isTextual() ? Optional.of(content.asText()) : Optional.empty();
    }

    private Optional<Long> id(String text) {
        for (JsonNode token : tokenizer.path("added_tokens")) {
            if (token.path("content").asText().equals(text)) {
                return Optional.of(token.path("id").asLong());
            }
        }
        return Optional.empty();
    }

    private List<JsonNode> processors() {
        JsonNode processor = tokenizer.path("post_processor");
        List<JsonNode> all = new ArrayList<>();
        if (processor.has("processors")) {
            processor.path("processors").forEach(all::add);
        } else if (processor.isObject()) {
            all.add(processor);
        }
        return all;
    }

    private void process(JsonNode processor) {
        switch (processor.path("type").asText()) {
            case "ByteLevel" -> {
                added.putIfAbsent("bos", false);
                added.putIfAbsent("eos", false);
            }
            case "RobertaProcessing" -> {
                added.put("bos", true);
                added.put("eos", true);
                added.put("sep", true);
                texts.putIfAbsent("cls", processor.path("cls").path(0).asText());
                texts.putIfAbsent("sep", processor.path("sep").path(0).asText());
            }
            case "TemplateProcessing" -> template(processor);
            default -> {
                // Others add no tokens.
            }
        }
    }

    private void template(JsonNode processor) {
        List<JsonNode> single = new ArrayList<>();
        processor.path("single").forEach(single::add);
        String first = "";
        String last = "";
        if (single.size() > 1) {
            first = special(single.get(0));
            last = special(single.get(single.size() - 1));
        }
        if (!first.isEmpty()) {
            if (!settings.isObject()) {
                texts.put("bos", first);
            }
            added.put("bos", first.equals(texts.get("bos")) || first.equals(texts.get("cls")));
        }
        if (!last.isEmpty()) {
            String eos = texts.get("eos");
            if (settings.isObject() && !last.equals(eos) && eos != null) {
                roles.add("eot");
                texts.put("eot", eos);
            }
            texts.put("eos", last);
            added.put("eos", true);
        }
        List<JsonNode> pair = new ArrayList<>();
        processor.path("pair").forEach(pair::add);
        if (!pair.isEmpty()) {
            separators(pair, first, last);
        }
    }

    /** Whether the two texts of a pair have a separator between them besides each one's end. */
    private void separators(List<JsonNode> pair, String first, String last) {
        int from = !first.isEmpty() && special(pair.get(0)).equals(first) ? 1 : 0;
        boolean ends = !last.isEmpty() && special(pair.get(pair.size() - 1)).equals(last);
        List<JsonNode> inner = pair.subList(from, pair.size() - (ends ? 1 : 0));
        if (inner.size() < 3
                || !inner.get(0).path("Sequence").path("id").asText().equals("A")
                || !inner.get(inner.size() - 1).path("Sequence").path("id").asText().equals("B")) {
            return;
        }
        List<JsonNode> between = inner.subList(1, inner.size() - 1);
        boolean one = isSeparator(special(between.get(0))) && last.isEmpty();
        boolean two = between.size() == 2 && isSeparator(special(between.get(1)));
        added.put("sep", one || two);
        if ((one || two) && !texts.containsKey("sep") && texts.containsKey("eos")) {
            texts.put("sep", texts.get("eos"));
        }
    }

    private boolean isSeparator(String text) {
        return text.equals(texts.get("sep")) || text.equals(texts.get("eos"));
    }

    private static String special(JsonNode part) {
        return part.path("SpecialToken").path("id").asText("");
    }

    private void template(KeyList keys) {
        JsonNode said = settings.path("chat_template");
        if (said.isTextual()) {
            keys.text("tokenizer.chat_template", said.asText());
        } else if (said.isArray()) {
            List<String> others = new ArrayList<>();
            for (JsonNode template : said) {
                String name = template.path("name").asText();
                boolean main = name.equals("default");
                keys.text(
                        "tokenizer.chat_template" + (main ? "" : "." + name),
                        template.path("template").asText());
                if (!main) {
                    others.add(name);
                }
            }
            if (!others.isEmpty()) {
                keys.texts("tokenizer.chat_templates", others);
            }
        } else {
            files.text("chat_template.jinja")
                    .ifPresent(text -> keys.text("tokenizer.chat_template", text));
        }
    }
}
