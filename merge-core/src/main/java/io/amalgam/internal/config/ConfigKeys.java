package io.amalgam.internal.config;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.tensor.DType;
import java.util.List;
import java.util.Optional;

/** Keys that are both read and written. */
public final class ConfigKeys {
    public static final String TYPE = "model_type";
    public static final String TIED = "tie_word_embeddings";
    public static final String VOCABULARY = "vocab_size";

    /** The type of the weights; of two that differ, the first is what transformers takes. */
    public static final String DTYPE = "dtype";

    /** What {@link #DTYPE} was called before transformers 4.56. */
    public static final String OLD_DTYPE = "torch_dtype";

    /** Both, in the order in which they are read. */
    public static final List<String> DTYPES = List.of(DTYPE, OLD_DTYPE);

    private ConfigKeys() {}

    /** The type that a section names for computing: one of floating point with 16 bits or more. */
    public static Optional<DType> computeType(ObjectNode section) {
        return DTYPES.stream()
                .map(section::path)
                .filter(JsonNode::isTextual)
                .flatMap(name -> DType.fromRecipeName(name.asText()).stream())
                .filter(type -> type.arithmetic() && type.blockBytes() > 1)
                .findFirst();
    }
}
