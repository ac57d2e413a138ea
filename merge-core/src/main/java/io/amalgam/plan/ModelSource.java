package io.amalgam.plan;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
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

    /**
     * The same reference, equal to every other spelling of the same model; as it is where this
     * source knows of no other spellings, or of no such model.
     */
    default ModelRef identified(ModelRef model) {
        return model;
    }

    /**
     * Puts the adapter a reference names into a base that is open already. Closing the result
     * closes the base.
     *
     * @throws io.amalgam.error.BadInputException if there is no such adapter, it does not fit, or
     *     this source knows no adapters
     * @throws IOException if it cannot be read
     */
    default Checkpoint withAdapter(Checkpoint base, ModelRef model) throws IOException {
        throw new BadInputException(
                Problem.of("adapters cannot be used here, not '" + model + "'")
                        .at(model.location()));
    }
}
