package io.amalgam.cli.merge;

import io.amalgam.internal.recipe.yaml.RecipeReader;
import java.io.IOException;
import java.nio.file.Path;

/** A recipe as it is named on the command line: a file or pipe, or {@code -}. */
record RecipeInput(Path path) {
    private static final String STANDARD = "-";

    /** What messages call it. */
    String name() {
        return isStandard() ? "standard input" : path.toString();
    }

    String text() throws IOException {
        return isStandard() ? RecipeReader.text(System.in, name()) : RecipeReader.text(path);
    }

    /** Where its models are looked for after the working directory. */
    Path folder() {
        Path folder = path.getParent();
        return folder == null ? Path.of("") : folder;
    }

    private boolean isStandard() {
        return path.toString().equals(STANDARD);
    }
}
