package io.amalgam.internal.lora;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint.ModelFacts;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Estimates the cost of adapters from a model's {@code config.json}. */
public final class AdapterCost {
    /** Matrices that can be asked for, in the order of a layer. */
    public static final List<String> TARGETS = List.of("q", "k", "v", "o", "gate", "up", "down");

    private AdapterCost() {}

    /**
     * @param layers of the model
     * @param parameters of an adapter in all layers
     * @param matrices parameters of the matrices it changes
     */
    public record Cost(long layers, long parameters, long matrices) {
        /** Bytes at 16 bits a parameter. */
        public long bytes() {
            return 2 * parameters;
        }
    }

    /**
     * Many adapters of some matrices, merged into a copy each or kept apart.
     *
     * @param merged parameters of so many copies of the matrices
     * @param apart parameters of one copy and so many adapters
     */
    public record Fleet(long count, long merged, long apart) {
        public static Fleet of(long count, long matrices, long adapter) {
            return new Fleet(count, count * matrices, matrices + count * adapter);
        }
    }

    /**
     * Counts the parameters of rank-{@code rank} factors of some matrices in every layer.
     *
     * @param targets of {@link #TARGETS}, with or without {@code _proj}
     * @throws BadInputException if the config does not say the sizes, or a target is unknown
     */
    public static Cost cost(ObjectNode config, int rank, List<String> targets) {
        long said = ModelFacts.of(config).layers();
        long layers = said > 0 ? said : number(config, "num_hidden_layers");
        long hidden = number(config, "hidden_size", "n_embd", "d_model");
        long heads = optional(config, 1, "num_attention_heads", "n_head", "num_heads");
        long headSize = optional(config, hidden / heads, "head_dim");
        long query = heads * headSize;
        long keyValue = optional(config, heads, "num_key_value_heads") * headSize;
        long inner = optional(config, 4 * hidden, "intermediate_size", "n_inner", "d_ff");
        Map<String, long[]> sizes = new LinkedHashMap<>();
        sizes.put("q", new long[] {query, hidden});
        sizes.put("k", new long[] {keyValue, hidden});
        sizes.put("v", new long[] {keyValue, hidden});
        sizes.put("o", new long[] {hidden, query});
        sizes.put("gate", new long[] {inner, hidden});
        sizes.put("up", new long[] {inner, hidden});
        sizes.put("down", new long[] {hidden, inner});
        long parameters = 0;
        long matrices = 0;
        for (String target : targets) {
            long[] size = sizes.get(target.replaceFirst("_proj$", ""));
            if (size == null) {
                throw new BadInputException(
                        Problem.expected(
                                "target",
                                "some of " + String.join(", ", TARGETS),
                                "'" + target + "'"));
            }
            parameters += layers * rank * (size[0] + size[1]);
            matrices += layers * size[0] * size[1];
        }
        return new Cost(layers, parameters, matrices);
    }

    private static long number(ObjectNode config, String... keys) {
        long found = optional(config, 0, keys);
        if (found > 0) {
            return found;
        }
        throw new BadInputException(
                Problem.expected(
                        "config.json", "a number above 0 under '" + keys[0] + "'", "none"));
    }

    private static long optional(ObjectNode config, long otherwise, String... keys) {
        for (String key : keys) {
            JsonNode value = config.path(key);
            if (value.isNumber() && value.longValue() > 0) {
                return value.longValue();
            }
        }
        return otherwise;
    }
}
