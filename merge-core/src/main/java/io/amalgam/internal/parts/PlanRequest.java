package io.amalgam.internal.parts;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.internal.engine.PlanOptionsJson;
import io.amalgam.plan.PlanOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

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
        PlanOptionsJson.put(options, root);
    }

    /** Reads what {@link #put} wrote. */
    public static PlanRequest of(JsonNode root) {
        List<Path> folders = new ArrayList<>();
        root.path("folders").forEach(folder -> folders.add(Path.of(folder.asText())));
        return new PlanRequest(
                root.path("name").asText(),
                root.path("recipe").asText(),
                folders,
                PlanOptionsJson.of(root));
    }
}
