package io.amalgam.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.tensor.DType;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Changes from the donor's configuration to that of the merged model.
 *
 * @param dtype the type of the weights, if the recipe sets one
 * @param layers the new layers of each restacked stack
 * @param tied whether output head and embedding are one tensor, if that changes
 * @param architecture the single entry of its list of architectures, if the recipe overrides it
 * @param vocabulary the new vocabulary, if the recipe changes it
 * @param quantisation settings of quantised weights
 */
public record ConfigChanges(
        Optional<DType> dtype,
        List<LayerChange> layers,
        Optional<Boolean> tied,
        Optional<String> architecture,
        Optional<VocabularyChange> vocabulary,
        Optional<ObjectNode> quantisation) {

    /** Nothing changes. */
    public static final ConfigChanges NONE =
            new ConfigChanges(Optional.empty(), List.of(), Optional.empty(), Optional.empty());

    public ConfigChanges {
        layers = List.copyOf(layers);
    }

    /** Changes that leave the vocabulary as it is. */
    public ConfigChanges(
            Optional<DType> dtype,
            List<LayerChange> layers,
            Optional<Boolean> tied,
            Optional<String> architecture) {
        this(dtype, layers, tied, architecture, Optional.empty());
    }

    /** Changes of a model that is written dense. */
    public ConfigChanges(
            Optional<DType> dtype,
            List<LayerChange> layers,
            Optional<Boolean> tied,
            Optional<String> architecture,
            Optional<VocabularyChange> vocabulary) {
        this(dtype, layers, tied, architecture, vocabulary, Optional.empty());
    }

    /** The same changes of a model whose weights are quantised. */
    public ConfigChanges withQuantisation(ObjectNode settings) {
        return new ConfigChanges(
                dtype, layers, tied, architecture, vocabulary, Optional.of(settings));
    }

    /**
     * @param rows for tokens
     * @param before how many the donor has; negative if that is not known
     * @param tokenIds values of settings such as {@code eos_token_id}, where the tokenizer is not
     *     the donor's
     */
    public record VocabularyChange(int rows, long before, Map<String, JsonNode> tokenIds) {
        public VocabularyChange {
            tokenIds = new LinkedHashMap<>(tokenIds);
        }
    }

    /**
     * @param oldCount layers of the donor
     * @param sources for each output layer the number of the layer it comes from
     * @param origins for each output layer the model it comes from, where that is not the donor
     * @param stack which of the donor's stacks; empty where it has one
     * @param mergedWith for each output layer, the further layers merged into it
     * @param extra layers after the last one that are not counted
     */
    public record LayerChange(
            int oldCount,
            List<Integer> sources,
            List<Optional<Origin>> origins,
            Optional<Stack> stack,
            List<List<MergedLayer>> mergedWith,
            int extra) {
        public LayerChange {
            sources = List.copyOf(sources);
            origins = List.copyOf(origins);
            mergedWith = mergedWith.stream().map(List::copyOf).toList();
            if (sources.size() != origins.size() || sources.size() != mergedWith.size()) {
                throw new IllegalArgumentException("one origin for each layer");
            }
        }

        /** Layers that are each made of one. */
        public LayerChange(
                int oldCount,
                List<Integer> sources,
                List<Optional<Origin>> origins,
                Optional<Stack> stack) {
            this(oldCount, sources, origins, stack, Collections.nCopies(sources.size(), List.of()));
        }

        /** Nothing behind the last layer. */
        public LayerChange(
                int oldCount,
                List<Integer> sources,
                List<Optional<Origin>> origins,
                Optional<Stack> stack,
                List<List<MergedLayer>> mergedWith) {
            this(oldCount, sources, origins, stack, mergedWith, 0);
        }

        /** All layers from the donor. */
        public LayerChange(int oldCount, List<Integer> sources) {
            this(oldCount, sources, Collections.nCopies(sources.size(), Optional.empty()));
        }

        /** Layers of a donor with one stack. */
        public LayerChange(int oldCount, List<Integer> sources, List<Optional<Origin>> origins) {
            this(oldCount, sources, origins, Optional.empty());
        }
    }

    /**
     * A layer that is merged with others into one.
     *
     * @param layer its number in its model
     * @param origin the model, where it is not the donor
     */
    public record MergedLayer(int layer, Optional<Origin> origin) {}

    /**
     * One of a model's several stacks.
     *
     * @param name for messages
     * @param words that its settings may go by: {@code decoder}, {@code vision}, {@code text}
     */
    public record Stack(String name, Set<String> words) {
        public Stack {
            words = Set.copyOf(words);
        }
    }

    /**
     * A donor of layers whose configuration has the kinds of its layers.
     *
     * @param config its configuration; not to be changed
     * @param layers how many it has
     */
    public record Origin(ObjectNode config, int layers) {}
}
