package io.amalgam.recipe;

import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * The recipes of one file. Those with a name are stages: where another recipe of the file gives
 * that name as a model's path, the stage's result is meant. The one without a name is what the
 * others are made for.
 *
 * @param file as the user named it; empty for recipes built in code
 * @param documents in the order of the file, at least one
 */
public record RecipeFile(String file, List<Document> documents) {
    /**
     * @param name what other recipes of the file call the result; empty for the file's own result
     * @param nameLocation where the name is written
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

        /** A recipe whose result other recipes use by this name. */
        public static Document of(String name, Recipe recipe) {
            return new Document(Optional.of(name), Location.NONE, recipe);
        }
    }

    /**
     * @throws IllegalArgumentException if there is no recipe, more than one without a name, or two
     *     of one name
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

    /** One recipe, by itself. */
    public static RecipeFile of(Recipe recipe) {
        return new RecipeFile(recipe.file(), List.of(Document.of(recipe)));
    }

    /** The recipe without a name; empty where all have one. */
    public Optional<Recipe> result() {
        return documents.stream()
                .filter(document -> document.name().isEmpty())
                .map(Document::recipe)
                .findFirst();
    }
}
