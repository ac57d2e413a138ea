package io.amalgam.golden;

import io.amalgam.internal.recipe.yaml.RecipeReader;
import io.amalgam.recipe.Recipe;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/** The recipes in {@code golden/merge}, with what they should give. */
final class Golden {
    private Golden() {}

    /** What the recipes' model paths are relative to. */
    static Path folder() {
        URL url = Objects.requireNonNull(Golden.class.getResource("/golden/merge"));
        try {
            return Path.of(url.toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The folder of recipes of several documents; their models are in {@link #folder()}. */
    static Path stages() {
        return folder().resolveSibling("stages");
    }

    static List<String> all() throws IOException {
        try (Stream<Path> files = Files.list(folder().resolve("recipes"))) {
            return files.map(file -> file.getFileName().toString().replace(".yml", ""))
                    .sorted()
                    .toList();
        }
    }

    static Recipe recipe(String name) {
        Path file = folder().resolve("recipes").resolve(name + ".yml");
        try {
            return RecipeReader.read(file);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    static Path weights(String name) {
        return folder().resolve("expected").resolve(name + ".safetensors");
    }

    static Path config(String name) {
        return folder().resolve("expected").resolve(name + ".config.json");
    }
}
