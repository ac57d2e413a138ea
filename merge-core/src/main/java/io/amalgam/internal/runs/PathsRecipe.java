package io.amalgam.internal.runs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.amalgam.internal.recipe.yaml.RecipeReader;
import io.amalgam.recipe.Recipe;
import java.nio.file.Path;
import java.util.List;

/** Recipes of models that are paths, made by a command. */
public final class PathsRecipe {
    private static final ObjectMapper JSON = new ObjectMapper();

    private PathsRecipe() {}

    /**
     * A recipe.
     *
     * @param command whose recipe it is, for messages
     * @param parameters as a recipe has them on one line, without braces; may be empty
     */
    public static Recipe of(String command, String method, List<Path> models, String parameters) {
        StringBuilder text = new StringBuilder("merge_method: " + method + "\nmodels:\n");
        for (Path model : models) {
            // Written as a path that is taken as it is: + and @ mean nothing in it.
            text.append("  - model: {model: {path: ").append(quoted(model)).append("}}\n");
        }
        if (!parameters.isEmpty()) {
            text.append("parameters: {").append(parameters).append("}\n");
        }
        return RecipeReader.read(text.toString(), "amalgam " + command);
    }

    private static String quoted(Path path) {
        try {
            return JSON.writeValueAsString(path.toString());
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
