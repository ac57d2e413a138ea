package io.amalgam.internal.layers;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.internal.config.ConfigKeys;
import io.amalgam.internal.config.ConfigNumbers;
import io.amalgam.internal.config.ConfigSections;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Changes the settings that hold the number of a model's tokens. */
public final class VocabularyKeys {
    private static final String SIZE = ConfigKeys.VOCABULARY;

    private VocabularyKeys() {}

    /**
     * Sets the number of tokens: under {@code vocab_size} of the language model, and under every
     * key of every section that names the same vocabulary's size ({@code
     * vocab_size_per_layer_input}, {@code encoder.vocab_size}). At the top level if it is nowhere.
     *
     * @param before how many rows the model had for tokens, if that is known; else negative
     */
    public static void set(ObjectNode config, long rows, long before) {
        Set<Long> known = new LinkedHashSet<>();
        List<ObjectNode> sized = new ArrayList<>();
        for (ObjectNode section : ConfigSections.of(config)) {
            if (section.has(SIZE)) {
                known.add(ConfigNumbers.wholeOr(section.path(SIZE), 0));
                sized.add(section);
            }
        }
        // A section may speak of the rows that are there while another has a default.
        known.add(before);
        known.removeIf(size -> size <= 0);
        boolean said = !sized.isEmpty();
        for (ObjectNode section : ConfigSections.ofText(config)) {
            List<String> keys = new ArrayList<>();
            section.fieldNames().forEachRemaining(keys::add);
            for (String key : keys) {
                if (key.contains("vocab")
                        && known.contains(ConfigNumbers.wholeOr(section.path(key), 0))) {
                    put(section, key, rows);
                    said |= key.equals(SIZE);
                }
            }
        }
        sized.forEach(section -> put(section, SIZE, rows));
        if (!said) {
            put(config, SIZE, rows);
        }
    }

    /** As the type that a reader of the file would give it. */
    private static void put(ObjectNode section, String key, long rows) {
        if (rows == (int) rows) {
            section.put(key, (int) rows);
        } else {
            section.put(key, rows);
        }
    }
}
