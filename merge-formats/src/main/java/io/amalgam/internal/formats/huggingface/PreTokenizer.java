package io.amalgam.internal.formats.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A pre-tokenizer of {@code tokenizer.json}: text to words. */
@FunctionalInterface
interface PreTokenizer {
    /** GPT-2's words. */
    Pattern WORDS =
            Pattern.compile(
                    "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
                    Pattern.UNICODE_CHARACTER_CLASS);

    /**
     * @param first whether the text begins the whole input
     */
    List<String> apply(String text, boolean first);

    /**
     * @throws io.amalgam.error.BadInputException if it is not known
     */
    static PreTokenizer of(JsonNode json) {
        if (json.isNull() || json.isMissingNode()) {
            return (text, first) -> text.isEmpty() ? List.of() : List.of(text);
        }
        return switch (json.path("type").asText()) {
            case "Sequence" -> sequence(json.path("pretokenizers"));
            case "ByteLevel" -> byteLevel(json);
            case "Split" -> splitter(json);
            case "Digits" -> {
                boolean each = json.path("individual_digits").asBoolean();
                Pattern digits =
                        Pattern.compile(
                                each ? "\\p{N}" : "\\p{N}+", Pattern.UNICODE_CHARACTER_CLASS);
                yield (text, first) -> cut(text, digits, true);
            }
            case "Metaspace" -> metaspace(json);
            default -> throw BpeTokenizer.unknown("pre_tokenizer", json);
        };
    }

    private static PreTokenizer sequence(JsonNode parts) {
        List<PreTokenizer> all = new ArrayList<>();
        parts.forEach(part -> all.add(of(part)));
        return (text, first) -> {
            List<String> words = List.of(text);
            for (PreTokenizer part : all) {
                List<String> next = new ArrayList<>();
                for (int i = 0; i < words.size(); i++) {
                    next.addAll(part.apply(words.get(i), first && i == 0));
                }
                words = next;
            }
            return words;
        };
    }

    private static PreTokenizer byteLevel(JsonNode json) {
        boolean space = json.path("add_prefix_space").asBoolean(true);
        boolean regex = json.path("use_regex").asBoolean(true);
        return (text, first) -> {
            String spaced = space && !text.startsWith(" ") ? " " + text : text;
            List<String> words = regex ? cut(spaced, WORDS, true) : List.of(spaced);
            return words.stream().map(PreTokenizer::bytes).toList();
        };
    }

    private static PreTokenizer splitter(JsonNode json) {
        String behaviour = json.path("behavior").asText();
        boolean removed = behaviour.equals("Removed");
        boolean inverted = json.path("invert").asBoolean();
        if ((!removed && !behaviour.equals("Isolated")) || (removed && inverted)) {
            throw BpeTokenizer.unknown("behavior of 'Split'", json.path("behavior"));
        }
        // Both what matches and what lies between become words: inverting changes nothing.
        Pattern pattern = TextNormalizer.pattern(json.path("pattern"));
        return (text, first) -> cut(text, pattern, !removed);
    }

    private static PreTokenizer metaspace(JsonNode json) {
        String mark = json.path("replacement").asText("\u2581");
        String scheme =
                json.path("prepend_scheme")
                        .asText(json.path("add_prefix_space").asBoolean(true) ? "always" : "never");
        boolean split = json.path("split").asBoolean(true);
        return (text, first) -> {
            String marked = text.replace(" ", mark);
            boolean prepend = scheme.equals("always") || (scheme.equals("first") && first);
            if (prepend && !marked.startsWith(mark)) {
                marked = mark + marked;
            }
            List<String> words = new ArrayList<>();
            int start = 0;
            for (int at = marked.indexOf(mark, 1);
                    split && at >= 0;
                    at = marked.indexOf(mark, at + 1)) {
                words.add(marked.substring(start, at));
                start = at;
            }
            words.add(marked.substring(start));
            return words;
        };
    }

    private static List<String> cut(String text, Pattern pattern, boolean keep) {
        List<String> words = new ArrayList<>();
        Matcher matcher = pattern.matcher(text);
        int end = 0;
        while (matcher.find()) {
            if (matcher.start() > end) {
                words.add(text.substring(end, matcher.start()));
            }
            if (keep && matcher.end() > matcher.start()) {
                words.add(matcher.group());
            }
            end = matcher.end();
        }
        if (end < text.length()) {
            words.add(text.substring(end));
        }
        return words;
    }

    /** Each UTF-8 byte as a visible character, as GPT-2 writes them. */
    private static String bytes(String word) {
        StringBuilder visible = new StringBuilder();
        for (byte b : word.getBytes(StandardCharsets.UTF_8)) {
            visible.append(visible(b & 0xff));
        }
        return visible.toString();
    }

    private static char visible(int b) {
        if (isVisible(b)) {
            return (char) b;
        }
        int hidden = 0;
        for (int i = 0; i < b; i++) {
            hidden += isVisible(i) ? 0 : 1;
        }
        return (char) (0x100 + hidden);
    }

    private static boolean isVisible(int b) {
        return (b >= '!' && b <= '~') || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
    }
}
