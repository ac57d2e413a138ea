package io.amalgam.plan;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.recipe.ModelRef;
import java.io.IOException;

/** Opens the models a recipe names. */
@FunctionalInterface
public interface ModelSource {
    /**
     * @throws io.amalgam.error.BadInputException if there is no such model or it cannot be used
     * @throws IOException if it cannot be read
     */
    Checkpoint open(ModelRef model) throws IOException;
}
