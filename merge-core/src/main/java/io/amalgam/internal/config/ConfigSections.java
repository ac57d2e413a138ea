package io.amalgam.internal.config;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The sections of a configuration about the language model: the top level, and sections of models
 * with several parts.
 */
public final class ConfigSections {
    /** What such sections are called. */
    public static final List<String> NAMES =
            List.of("text_config", "llm_config", "language_config", "thinker_config");

    private static final Pattern OTHER_INPUTS =
            Pattern.compile("audio|speech|codec|vision|image|vq");

    private ConfigSections() {}

    /** The configuration itself, and its sections for a language model in their order. */
    public static List<ObjectNode> of(ObjectNode config) {
        List<ObjectNode> all = new ArrayList<>();
        all.add(config);
        for (String name : NAMES) {
            if (config.get(name) instanceof ObjectNode section) {
                all.addAll(of(section));
            }
        }
        return all;
    }

    /** The configuration itself, and all sections inside of it but those of other inputs. */
    public static List<ObjectNode> ofText(ObjectNode config) {
        List<ObjectNode> all = new ArrayList<>();
        all.add(config);
        config.properties()
                .forEach(
                        entry -> {
                            if (entry.getValue() instanceof ObjectNode section
                                    && !OTHER_INPUTS.matcher(entry.getKey()).lookingAt()) {
                                all.addAll(ofText(section));
                            }
                        });
        return all;
    }
}
