package io.amalgam.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.tensor.DType;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How a merged model's configuration differs from its donor's.
 *
 * @param dtype the type its weights are written in, where the recipe says one
 * @param layers the new layers, where the recipe restacks them
 * @param tied whether output head and embedding are one tensor, where that changes
 * @param architecture the only name in its list of architectures, where the recipe overrides it
 * @param vocabulary the tokens it has rows for, where a recipe says something of them
 */
public record ConfigChanges(
        Optional<DType> dtype,
        Optional<LayerChange> layers,
        Optional<Boolean> tied,
        Optional<String> architecture,
        Optional<VocabularyChange> vocabulary) {

    public static final ConfigChanges NONE =
            new ConfigChanges(
                    Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());

    /** Changes that leave the vocabulary as it is. */
    public ConfigChanges(
            Optional<DType> dtype,
            Optional<LayerChange> layers,
            Optional<Boolean> tied,
            Optional<String> architecture) {
        this(dtype, layers, tied, architecture, Optional.empty());
    }

    /**
     * @param rows of the embeddings
     * @param tokenIds values of settings such as {@code eos_token_id}, where the tokenizer is not
     *     the donor's
     */
    public record VocabularyChange(int rows, Map<String, JsonNode> tokenIds) {
        public VocabularyChange {
            tokenIds = new LinkedHashMap<>(tokenIds);
        }
    }

    /**
     * @param oldCount layers of the donor
     * @param sources for each output layer the donor-side number of the layer it comes from
     */
    public record LayerChange(int oldCount, List<Integer> sources) {
        public LayerChange {
            sources = List.copyOf(sources);
        }
    }
}
