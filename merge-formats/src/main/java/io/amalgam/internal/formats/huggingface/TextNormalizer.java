package io.amalgam.internal.formats.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import java.text.Normalizer;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** A normaliser of {@code tokenizer.json}. */
@FunctionalInterface
interface TextNormalizer {
    String apply(String text);

    /**
     * @throws io.amalgam.error.BadInputException if it is not known
     */
    static TextNormalizer of(JsonNode json) {
        if (json.isNull() || json.isMissingNode()) {
            return text -> text;
        }
        return switch (json.path("type").asText()) {
            case "Sequence" -> {
                TextNormalizer all = text -> text;
                for (JsonNode part : json.path("normalizers")) {
                    TextNormalizer before = all;
                    TextNormalizer next = of(part);
                    all = text -> next.apply(before.apply(text));
                }
                yield all;
            }
            case "Prepend" -> {
                String prefix = json.path("prepend").asText();
                yield text -> text.isEmpty() ? text : prefix + text;
            }
            case "Replace" -> {
                Pattern pattern = pattern(json.path("pattern"));
                String content = Matcher.quoteReplacement(json.path("content").asText());
                yield text -> pattern.matcher(text).replaceAll(content);
            }
            case "NFC" -> text -> Normalizer.normalize(text, Normalizer.Form.NFC);
            case "NFD" -> text -> Normalizer.normalize(text, Normalizer.Form.NFD);
            case "NFKC" -> text -> Normalizer.normalize(text, Normalizer.Form.NFKC);
            case "NFKD" -> text -> Normalizer.normalize(text, Normalizer.Form.NFKD);
            case "Lowercase" -> text -> text.toLowerCase(Locale.ROOT);
            default -> throw BpeTokenizer.unknown("normalizer", json);
        };
    }

    /** A pattern as a text or a regular expression. */
    static Pattern pattern(JsonNode json) {
        if (json.has("String")) {
            return Pattern.compile(json.path("String").asText(), Pattern.LITERAL);
        }
        try {
            return Pattern.compile(
                    json.path("Regex").asText(),
                    Pattern.UNICODE_CASE | Pattern.UNICODE_CHARACTER_CLASS);
        } catch (PatternSyntaxException e) {
            throw BpeTokenizer.unknown("pattern", json.path("Regex"));
        }
    }
}
