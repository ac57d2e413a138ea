package io.amalgam.internal.parts;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.plan.PlanOptions;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.Recipe.QuantisedType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a plan is made of, as text: so that every part of a merge makes the same plan, wherever it
 * runs. The plan's hash tells whether it did.
 *
 * @param name of the recipe, for messages
 * @param recipe its text
 * @param folders where models are looked for, absolute
 */
public record PlanRequest(String name, String recipe, List<Path> folders, PlanOptions options) {
    public PlanRequest {
        folders = folders.stream().map(folder -> folder.toAbsolutePath().normalize()).toList();
    }

    /** Writes it to a JSON object. */
    public void put(ObjectNode root) {
        root.put("name", name).put("recipe", recipe);
        folders.forEach(folder -> root.withArray("folders").add(folder.toString()));
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

    /** Reads what {@link #put} wrote. */
    public static PlanRequest of(JsonNode root) {
        List<Path> folders = new ArrayList<>();
        root.path("folders").forEach(folder -> folders.add(Path.of(folder.asText())));
        JsonNode said = root.path("options");
        PlanOptions options =
                new PlanOptions(
                        said.path("seed").asLong(),
                        said.path("max_shard_bytes").asLong(),
                        PlanOptions.TensorSet.valueOf(said.path("tensors").asText()),
                        said.path("strict").asBoolean(),
                        said.path("copy_tokenizer").asBoolean(),
                        said.path("truncate_embeddings").asBoolean(),
                        Optional.ofNullable(said.path("quantised").textValue())
                                .map(type -> new QuantisedType(type, Location.NONE)),
                        said.path("allow_rescaled").asBoolean());
        return new PlanRequest(
                root.path("name").asText(), root.path("recipe").asText(), folders, options);
    }
}
