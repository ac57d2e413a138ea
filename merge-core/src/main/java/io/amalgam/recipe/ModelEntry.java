package io.amalgam.recipe;

import java.util.Objects;
import java.util.Optional;

/**
 * A whole model as input of a merge.
 *
 * @param statistics a file with what is known of its tensors beside their values, for methods that
 *     read it
 */
public record ModelEntry(
        ModelRef model, Parameters parameters, Optional<ModelRef> statistics, Location location) {
    public ModelEntry {
        Objects.requireNonNull(model, "model");
        Objects.requireNonNull(parameters, "parameters");
        Objects.requireNonNull(statistics, "statistics");
        Objects.requireNonNull(location, "location");
    }

    /** A model without statistics. */
    public ModelEntry(ModelRef model, Parameters parameters, Location location) {
        this(model, parameters, Optional.empty(), location);
    }

    /** A model with its parameters, and no statistics. */
    public static ModelEntry of(ModelRef model, Parameters parameters) {
        return new ModelEntry(model, parameters, Location.NONE);
    }
}
