package io.amalgam.internal.formats.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The name that llama.cpp has for the way a tokenizer splits text before it joins bytes to tokens.
 * Its converter finds it by what a known vocabulary makes of a text; here it is found by the rule
 * itself, so that merged vocabularies have one too.
 */
final class SplittingRule {
    private static final String CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
    private static final String REST =
            "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

    private SplittingRule() {}

    /** The name of a tokenizer.json's rule; empty if llama.cpp has none that is known here. */
    static Optional<String> of(JsonNode tokenizer) {
        List<JsonNode> steps = new ArrayList<>();
        JsonNode all = tokenizer.path("pre_tokenizer");
        if (all.path("type").asText().equals("Sequence")) {
            all.path("pretokenizers").forEach(steps::add);
        } else if (!all.isMissingNode() && !all.isNull()) {
            steps.add(all);
        }
        List<String> kinds = steps.stream().map(step -> step.path("type").asText()).toList();
        if (kinds.equals(List.of("ByteLevel")) && steps.get(0).path("use_regex").asBoolean(true)) {
            return Optional.of("gpt-2");
        }
        if (kinds.equals(List.of("Digits", "ByteLevel"))
                && steps.get(0).path("individual_digits").asBoolean()) {
            return Optional.of("smollm");
        }
        if (kinds.equals(List.of("Split", "ByteLevel"))) {
            return split(pattern(steps.get(0)));
        }
        if (kinds.equals(List.of("Split", "Split", "Split", "ByteLevel"))
                && pattern(steps.get(0)).equals("\\p{N}{1,3}")
                && pattern(steps.get(1)).startsWith("[\u4e00-\u9fa5")) {
            return Optional.of("deepseek-v3");
        }
        return Optional.empty();
    }

    private static String pattern(JsonNode step) {
        return step.path("pattern").path("Regex").asText();
    }

    private static Optional<String> split(String pattern) {
        if (pattern.equals(words("\\p{L}", "\\p{N}", "\\p{N}{1,3}"))) {
            return Optional.of("llama-bpe");
        }
        if (pattern.equals(words("\\p{L}", "\\p{N}", "\\p{N}"))) {
            return Optional.of("qwen2");
        }
        if (pattern.startsWith(CONTRACTIONS + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}|")) {
            return Optional.of("qwen35");
        }
        boolean byCase = pattern.startsWith("[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}");
        boolean contracted = pattern.contains(CONTRACTIONS + "?");
        if (byCase && contracted && pattern.contains("|\\p{N}{1,3}|")) {
            return Optional.of("gpt-4o");
        }
        return byCase && !contracted && pattern.contains("|\\p{N}|")
                ? Optional.of("tekken")
                : Optional.empty();
    }

    private static String words(String letter, String number, String digits) {
        return CONTRACTIONS + "|[^\\r\\n" + letter + number + "]?" + letter + "+|" + digits + REST;
    }
}
