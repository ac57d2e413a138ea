package io.amalgam.internal.engine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.plan.PlanOptions;
import io.amalgam.plan.PlanOptions.TensorSet;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.Recipe.QuantisedType;
import java.util.Arrays;
import java.util.Optional;

/** The options of a plan as JSON, from which the plan can be made again. */
public final class PlanOptionsJson {
    private PlanOptionsJson() {}

    /** Writes them to the key {@code options}. */
    public static void put(PlanOptions options, ObjectNode root) {
        ObjectNode said = root.putObject("options");
        said.put("seed", options.seed());
        said.put("max_shard_bytes", options.maxShardBytes());
        said.put("tensors", options.tensors().name());
        said.put("strict", options.strict());
        said.put("copy_tokenizer", options.copyTokenizer());
        said.put("truncate_embeddings", options.truncateEmbeddings());
        said.put("allow_rescaled", options.allowRescaled());
        options.quantised().ifPresent(type -> said.put("quantised", type.name()));
    }

    /** Reads what {@link #put} wrote; what is not there is as usual. */
    public static PlanOptions of(JsonNode root) {
        JsonNode said = root.path("options");
        String tensors = said.path("tensors").asText();
        return new PlanOptions(
                said.path("seed").asLong(),
                said.path("max_shard_bytes").asLong(PlanOptions.DEFAULT_SHARD_BYTES),
                Arrays.stream(TensorSet.values())
                        .filter(set -> set.name().equals(tensors))
                        .findFirst()
                        .orElse(TensorSet.SAME),
                said.path("strict").asBoolean(),
                said.path("copy_tokenizer").asBoolean(true),
                said.path("truncate_embeddings").asBoolean(),
                Optional.ofNullable(said.path("quantised").textValue())
                        .map(type -> new QuantisedType(type, Location.NONE)),
                said.path("allow_rescaled").asBoolean());
    }
}
