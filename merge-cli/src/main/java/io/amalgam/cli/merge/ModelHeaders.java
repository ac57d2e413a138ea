package io.amalgam.cli.merge;

import io.amalgam.ModelLoader;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.recipe.ModelRef;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;

/** A look at a model before there is a recipe. */
final class ModelHeaders {
    /** Models given on the command line are looked for from the working directory. */
    static final List<Path> FOLDERS = List.of(Path.of(""));

    private ModelHeaders() {}

    /**
     * @throws io.amalgam.error.BadInputException if there is no such model
     */
    static <T> T read(ModelLoader formats, String name, Function<Checkpoint, T> what)
            throws IOException {
        try (Checkpoint model = formats.models(FOLDERS).open(ModelRef.of(name))) {
            return what.apply(model);
        }
    }
}
