package io.amalgam.internal.formats.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Byte-pair encoding: a word's characters are joined, the pair that was learned first first.
 *
 * <p>Sennrich, Haddow, Birch 2016, <a href="https://arxiv.org/abs/1508.07909">arXiv 1508.07909</a>.
 */
final class BytePairs {
    private final Map<String, Integer> vocabulary;
    private final Map<Pair, Integer> ranks;
    private final @Nullable Integer unknown;
    private final boolean fuseUnknown;
    private final boolean byteFallback;
    private final boolean wholeWords;

    private record Pair(String left, String right) {}

    private BytePairs(JsonNode model) {
        vocabulary = new HashMap<>();
        model.path("vocab")
                .properties()
                .forEach(token -> vocabulary.put(token.getKey(), token.getValue().asInt()));
        ranks = new HashMap<>();
        for (JsonNode merge : model.path("merges")) {
            // Of late a list of two, before a text with a space between them.
            String[] text = merge.isArray() ? new String[0] : merge.asText().split(" ", 2);
            String left = merge.isArray() ? merge.path(0).asText() : text[0];
            String right = merge.isArray() ? merge.path(1).asText() : text[text.length - 1];
            ranks.putIfAbsent(new Pair(left, right), ranks.size());
        }
        unknown = vocabulary.get(model.path("unk_token").asText(""));
        fuseUnknown = model.path("fuse_unk").asBoolean();
        byteFallback = model.path("byte_fallback").asBoolean();
        wholeWords = model.path("ignore_merges").asBoolean();
    }

    /**
     * @throws io.amalgam.error.BadInputException if it is another model, or has affixes
     */
    static BytePairs of(JsonNode model) {
        // The type may be left out of old files; a list of merges is of this kind.
        String type = model.path("type").asText(model.has("merges") ? "BPE" : "?");
        if (!type.equals("BPE")) {
            throw BpeTokenizer.unknown("model", model);
        }
        for (String affix : List.of("continuing_subword_prefix", "end_of_word_suffix")) {
            if (!model.path(affix).asText("").isEmpty() && !model.path(affix).isNull()) {
                throw BpeTokenizer.unknown("'" + affix + "'", model.path(affix));
            }
        }
        return new BytePairs(model);
    }

    void encode(String word, List<Integer> ids) {
        Integer whole = wholeWords ? vocabulary.get(word) : null;
        if (whole != null) {
            ids.add(whole);
            return;
        }
        List<String> symbols = symbols(word);
        merge(symbols);
        boolean wasUnknown = false;
        for (String symbol : symbols) {
            Integer id = vocabulary.get(symbol);
            if (id != null) {
                ids.add(id);
            } else if (unknown != null && !(fuseUnknown && wasUnknown)) {
                ids.add(unknown);
            }
            wasUnknown = id == null;
        }
    }

    /** Characters, and the bytes of those that are no tokens. */
    private List<String> symbols(String word) {
        List<String> symbols = new ArrayList<>();
        word.codePoints()
                .forEach(
                        point -> {
                            String character = Character.toString(point);
                            if (vocabulary.containsKey(character) || !byteFallback) {
                                symbols.add(character);
                                return;
                            }
                            for (byte b : character.getBytes(StandardCharsets.UTF_8)) {
                                symbols.add("<0x%02X>".formatted(b & 0xff));
                            }
                        });
        return symbols;
    }

    private void merge(List<String> symbols) {
        while (true) {
            int best = Integer.MAX_VALUE;
            int place = -1;
            for (int i = 0; i + 1 < symbols.size(); i++) {
                Integer rank = ranks.get(new Pair(symbols.get(i), symbols.get(i + 1)));
                if (rank != null && rank < best) {
                    best = rank;
                    place = i;
                }
            }
            if (place < 0) {
                return;
            }
            symbols.set(place, symbols.get(place) + symbols.remove(place + 1));
        }
    }
}
