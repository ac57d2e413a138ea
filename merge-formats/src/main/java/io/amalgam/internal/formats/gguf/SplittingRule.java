package io.amalgam.internal.formats.gguf;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The name that llama.cpp has for the way a tokenizer splits text before it joins bytes to tokens.
 * Its converter finds it by what a known vocabulary makes of a text; here it is found by the rule
 * itself, so that merged vocabularies have one too.
 */
final class SplittingRule {
    /** That of Llama 3. */
    static final String LLAMA = "llama-bpe";

    private static final String CASED =
            "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]*[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]+%1$s"
                    + "|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]+[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]*%1$s"
                    + "|%2$s| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
    private static final String DIGITS = "\\p{N}{1,3}";
    private static final String CJK = "[\u4e00-\u9fa5\u3040-\u309f\u30a0-\u30ff]+";
    private static final String PUNCTUATED =
            "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+"
                    + "| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
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
        if (kinds.equals(List.of("ByteLevel"))
                && (steps.get(0).path("use_regex").asBoolean(true) || onlyBytes(tokenizer))) {
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

    /** Nothing is joined, so it does not matter where text is split. */
    private static boolean onlyBytes(JsonNode tokenizer) {
        JsonNode model = tokenizer.path("model");
        return model.path("merges").isEmpty() && !model.path("ignore_merges").asBoolean();
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

    /** The rule of a name as 'pre_tokenizer' of a tokenizer.json; empty if it is not known here. */
    static Optional<ObjectNode> steps(String name) {
        return switch (name) {
            case "gpt-2", "gpt2", "phi-2", "roberta-bpe" -> Optional.of(byteLevel(true));
            case "smollm", "starcoder", "command-r" ->
                    Optional.of(
                            sequence(
                                    step("Digits").put("individual_digits", true),
                                    byteLevel(true)));
            case LLAMA, "llama3", "llama-v3", "smaug-bpe", "dbrx" ->
                    Optional.of(splits(words("\\p{L}", "\\p{N}", DIGITS)));
            case "qwen2", "deepseek-r1-qwen", "stablelm2" ->
                    Optional.of(splits(words("\\p{L}", "\\p{N}", "\\p{N}")));
            case "qwen35" ->
                    Optional.of(
                            splits(
                                    words("[\\p{L}\\p{M}]", "\\p{N}", "\\p{N}")
                                            .replace("[^\\r\\n[\\p{L}\\p{M}]", "[^\\r\\n\\p{L}")
                                            .replace(
                                                    "[^\\s\\p{L}\\p{N}]",
                                                    "[^\\s\\p{L}\\p{M}\\p{N}]")));
            case "gpt-4o", "llama4" ->
                    Optional.of(splits(CASED.formatted(CONTRACTIONS + "?", DIGITS)));
            case "tekken" -> Optional.of(splits(CASED.formatted("", "\\p{N}")));
            case "deepseek-v3" -> Optional.of(splits(DIGITS, CJK, PUNCTUATED));
            default -> Optional.empty();
        };
    }

    /** Whether a word that is a token is taken whole, whatever its merges are. */
    static boolean wholeWords(String name) {
        return List.of(LLAMA, "llama3", "llama-v3", "tekken").contains(name);
    }

    /** Bytes as characters, the last step of every rule. */
    static ObjectNode byteLevel(boolean splits) {
        return step("ByteLevel")
                .put("add_prefix_space", false)
                .put("trim_offsets", true)
                .put("use_regex", splits);
    }

    private static ObjectNode splits(String... patterns) {
        ObjectNode[] steps = new ObjectNode[patterns.length + 1];
        for (int i = 0; i < patterns.length; i++) {
            steps[i] = step("Split");
            steps[i].putObject("pattern").put("Regex", patterns[i]);
            steps[i].put("behavior", "Isolated").put("invert", false);
        }
        steps[patterns.length] = byteLevel(false);
        return sequence(steps);
    }

    private static ObjectNode sequence(ObjectNode... steps) {
        ObjectNode sequence = step("Sequence");
        ArrayNode all = sequence.putArray("pretokenizers");
        for (ObjectNode step : steps) {
            all.add(step);
        }
        return sequence;
    }

    private static ObjectNode step(String type) {
        return JsonNodeFactory.instance.objectNode().put("type", type);
    }

    private static String words(String letter, String number, String digits) {
        return CONTRACTIONS + "|[^\\r\\n" + letter + number + "]?" + letter + "+|" + digits + REST;
    }
}
