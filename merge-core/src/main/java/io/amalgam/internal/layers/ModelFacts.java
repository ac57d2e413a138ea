package io.amalgam.internal.layers;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a merge wants to know of a model beside its tensors: the one place that reads it from a
 * {@code config.json}. Changes to configurations are made elsewhere.
 *
 * @param known whether there is a configuration at all
 * @param type of the model, such as {@code llama}; empty if it is not said
 * @param types of the model and of all its parts
 * @param architecture the class of the model; empty if it is not said
 * @param tied whether head and embedding are one tensor, where the configuration says so
 * @param alwaysTied whether models of the type tie what is not in their files, whatever is said
 * @param vocabulary tokens of the language model; -1 if it is not said
 * @param layers of the language model; -1 if it is not said
 * @param behind by the number of layers in the files: how many of them are behind the model's own
 */
public record ModelFacts(
        boolean known,
        String type,
        Set<String> types,
        String architecture,
        Optional<Boolean> tied,
        boolean alwaysTied,
        long vocabulary,
        long layers,
        Map<Long, Integer> behind) {
    /** What is known of a bare file of weights. */
    public static final ModelFacts NONE =
            new ModelFacts(false, "", Set.of(), "", Optional.empty(), false, -1, -1, Map.of());

    static final String TYPE = "model_type";
    static final String TIED = "tie_word_embeddings";
    static final String VOCABULARY = "vocab_size";

    private static final List<String> LAYERS =
            List.of("num_hidden_layers", "n_layer", "n_layers", "num_layers");

    /** Numbers of layers that predict further tokens. */
    private static final List<String> BEHIND =
            List.of("num_nextn_predict_layers", "num_mtp_layers", "num_mtp_modules");

    /**
     * Types of models that always tie what is not in their files, and read {@link #TIED} as
     * something else: whether outputs are scaled.
     */
    private static final List<String> ALWAYS = List.of("t5", "mt5", "umt5");

    public ModelFacts {
        types = Set.copyOf(types);
        behind = Map.copyOf(behind);
    }

    /** Those of a model. */
    public static ModelFacts of(Checkpoint model) {
        return of(model.config());
    }

    /** Those that a configuration says. */
    public static ModelFacts of(Optional<ObjectNode> config) {
        return config.map(ModelFacts::of).orElse(NONE);
    }

    /** Those that a configuration says. */
    public static ModelFacts of(ObjectNode config) {
        List<ObjectNode> sections = ConfigSections.of(config);
        Set<String> types = new LinkedHashSet<>();
        config.findValues(TYPE).forEach(type -> types.add(type.asText()));
        return new ModelFacts(
                true,
                config.path(TYPE).asText(""),
                types,
                config.path("architectures").path(0).asText(""),
                sections.stream()
                        .map(section -> section.path(TIED))
                        .filter(JsonNode::isBoolean)
                        .map(JsonNode::booleanValue)
                        .findFirst(),
                isAlwaysTied(config),
                first(sections, List.of(VOCABULARY)),
                first(sections, LAYERS),
                behind(sections));
    }

    /** Whether what such a configuration says under {@link #TIED} means something else. */
    static boolean isAlwaysTied(ObjectNode config) {
        return ALWAYS.contains(config.path(TYPE).asText(""));
    }

    private static long first(List<ObjectNode> sections, List<String> keys) {
        for (ObjectNode section : sections) {
            for (String key : keys) {
                JsonNode value = section.path(key);
                if (value.isIntegralNumber() && value.asLong() > 0) {
                    return value.asLong();
                }
            }
        }
        return -1;
    }

    private static Map<Long, Integer> behind(List<ObjectNode> sections) {
        Map<Long, Integer> behind = new HashMap<>();
        for (ObjectNode section : sections) {
            for (String key : BEHIND) {
                int extra = section.path(key).asInt(0);
                if (extra > 0) {
                    behind.putIfAbsent(section.path(LAYERS.get(0)).asLong(-1) + extra, extra);
                }
            }
        }
        return behind;
    }

    /** Whether head and embedding are one tensor; also where the configuration says nothing. */
    public boolean ties() {
        return alwaysTied || tied.orElse(true);
    }
}
