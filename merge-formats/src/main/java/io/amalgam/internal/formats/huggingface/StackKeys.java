package io.amalgam.internal.formats.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.ConfigChanges.LayerChange;
import io.amalgam.checkpoint.ConfigChanges.Stack;
import io.amalgam.internal.layers.PartSynonyms;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the layer count of one of several stacks in a configuration, by the words that key and
 * section share with the stack's name ({@code decoder_layers}, {@code
 * vision_config.num_hidden_layers}).
 */
final class StackKeys {
    private static final Pattern WORDED =
            Pattern.compile("(?:num_|n_)?([a-z]+)_(?:hidden_)?layers");
    private static final Set<String> HIDDEN = Set.of("hidden");
    private static final String SUFFIX = "_config";

    private StackKeys() {}

    /**
     * Dotted paths of the settings that hold the old number of a stack's layers.
     *
     * <p>A key without a word, at the top level, is the text model's; where a model has none it is
     * the encoder's, whose count libraries repeat there.
     */
    static List<String> counts(ObjectNode config, LayerChange change, List<String> plainKeys) {
        Stack stack = change.stack().orElseThrow();
        Set<String> worded = new TreeSet<>();
        Set<String> plain = new LinkedHashSet<>();
        collect(config, "", Set.of(), change, plainKeys, worded, plain);
        Set<String> words = stack.words();
        boolean senses = words.contains(PartSynonyms.VISION) || words.contains(PartSynonyms.AUDIO);
        boolean text = words.contains(PartSynonyms.TEXT);
        boolean encoder = words.contains(PartSynonyms.ENCODER);
        boolean decoder = words.contains(PartSynonyms.DECODER);
        List<String> found = new ArrayList<>(worded);
        if (!senses && (text || encoder || (decoder && worded.isEmpty() && !hasEncoder(config)))) {
            found.addAll(plain);
        }
        return found;
    }

    /** Whether plain keys are taken: an encoder beside the decoder would own them. */
    private static boolean hasEncoder(ObjectNode config) {
        return config.path("is_encoder_decoder").asBoolean(false);
    }

    /** Dotted paths of the sections that are about one stack alone. */
    static List<String> sections(ObjectNode config, Stack stack) {
        List<String> sections = new ArrayList<>();
        if (stack.words().contains(PartSynonyms.TEXT)) {
            sections.add("");
        }
        addSections(config, "", Set.of(), stack, sections);
        return sections;
    }

    private static void addSections(
            ObjectNode settings, String path, Set<String> words, Stack stack, List<String> found) {
        for (Map.Entry<String, JsonNode> entry : settings.properties()) {
            if (entry.getValue() instanceof ObjectNode section) {
                String inner = path.isEmpty() ? entry.getKey() : path + "." + entry.getKey();
                Set<String> all = new LinkedHashSet<>(words);
                all.addAll(wordsOf(entry.getKey()));
                if (stack.words().containsAll(all)) {
                    found.add(inner);
                }
                addSections(section, inner, all, stack, found);
            }
        }
    }

    private static void collect(
            ObjectNode settings,
            String path,
            Set<String> words,
            LayerChange change,
            List<String> plainKeys,
            Set<String> worded,
            Set<String> plain) {
        Stack stack = change.stack().orElseThrow();
        for (Map.Entry<String, JsonNode> entry : settings.properties()) {
            String key = entry.getKey();
            String inner = path.isEmpty() ? key : path + "." + key;
            Set<String> all = new LinkedHashSet<>(words);
            if (entry.getValue() instanceof ObjectNode section) {
                all.addAll(wordsOf(key));
                collect(section, inner, all, change, plainKeys, worded, plain);
                continue;
            }
            Matcher matcher = WORDED.matcher(key);
            if (!plainKeys.contains(key)) {
                if (!matcher.matches() || HIDDEN.contains(matcher.group(1))) {
                    continue;
                }
                all.add(PartSynonyms.kindOf(matcher.group(1)));
            }
            boolean counts =
                    entry.getValue().isInt() && entry.getValue().intValue() == change.oldCount();
            if (counts && stack.words().containsAll(all)) {
                (all.isEmpty() ? plain : worded).add(inner);
            }
        }
    }

    /** {@code vision_config}: vision; {@code decoder}: decoder. */
    private static Set<String> wordsOf(String section) {
        String name =
                section.endsWith(SUFFIX)
                        ? section.substring(0, section.length() - SUFFIX.length())
                        : section;
        Set<String> words = new LinkedHashSet<>();
        for (String word : name.split("_", -1)) {
            words.add(PartSynonyms.kindOf(word));
        }
        return words;
    }
}
