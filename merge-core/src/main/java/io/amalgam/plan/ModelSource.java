package io.amalgam.plan;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.recipe.ModelRef;
import java.io.IOException;
import java.util.Collection;

/** Opens the models of a recipe, one after another, in the thread that plans. */
@FunctionalInterface
public interface ModelSource {
    /**
     * @throws io.amalgam.error.BadInputException if there is no such model or it cannot be used
     * @throws IOException if it cannot be read
     */
    Checkpoint open(ModelRef model) throws IOException;

    /**
     * Takes note of all models of a recipe before the first is opened. What is wrong with one of
     * them is said when that one is opened.
     *
     * @throws io.amalgam.error.BadInputException if there is no space for all that is missing
     * @throws IOException if that cannot be found out
     */
    default void announce(Collection<ModelRef> models) throws IOException {}

    /**
     * The same reference, made equal to all other spellings of the same model; unchanged if there
     * are none, or no such model.
     */
    default ModelRef identified(ModelRef model) {
        return model;
    }

    /**
     * Applies the adapter of a reference to an open base. Closing the result closes the base.
     *
     * @throws io.amalgam.error.BadInputException if there is no such adapter, it does not fit, or
     *     this source does not support adapters
     * @throws IOException if it cannot be read
     */
    default Checkpoint withAdapter(Checkpoint base, ModelRef model) throws IOException {
        throw new BadInputException(
                Problem.of("adapters cannot be used here, not '" + model + "'")
                        .at(model.location()));
    }
}
