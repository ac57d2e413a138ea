package io.amalgam.recipe;

import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * The recipes of one file. Those with a name are stages: another recipe uses a stage's result by
 * giving its name as the path of a model. The recipe without a name gives the final result.
 * Immutable.
 *
 * @param file the user's name for it; empty for recipes built in code
 * @param documents in the order of the file, at least one
 */
public record RecipeFile(String file, List<Document> documents) {
    /**
     * @param name of the result in other recipes of the file; empty for the final result
     * @param nameLocation position of the name
     */
    public record Document(Optional<String> name, Location nameLocation, Recipe recipe) {
        public Document {
            Objects.requireNonNull(name, "name");
            Objects.requireNonNull(nameLocation, "nameLocation");
            Objects.requireNonNull(recipe, "recipe");
        }

        /** A recipe without a name. */
        public static Document of(Recipe recipe) {
            return new Document(Optional.empty(), Location.NONE, recipe);
        }

        /** A stage with a name. */
        public static Document of(String name, Recipe recipe) {
            return new Document(Optional.of(name), Location.NONE, recipe);
        }
    }

    /**
     * @throws IllegalArgumentException if there is no recipe, more than one without a name, or two
     *     with the same name
     */
    public RecipeFile {
        Objects.requireNonNull(file, "file");
        documents = List.copyOf(documents);
        Set<Optional<String>> names = new HashSet<>();
        for (Document document : documents) {
            if (!names.add(document.name())) {
                throw new IllegalArgumentException(
                        document.name()
                                .map(name -> "two recipes are named '" + name + "'")
                                .orElse("two recipes have no name"));
            }
        }
        if (documents.isEmpty()) {
            throw new IllegalArgumentException("no recipe");
        }
    }

    /** A file with a single recipe. */
    public static RecipeFile of(Recipe recipe) {
        return new RecipeFile(recipe.file(), List.of(Document.of(recipe)));
    }

    /** The recipe without a name, if any. */
    public Optional<Recipe> result() {
        return documents.stream()
                .filter(document -> document.name().isEmpty())
                .map(Document::recipe)
                .findFirst();
    }
}
