package io.amalgam.recipe;

import java.util.Objects;

/** A whole model as input of a merge. */
public record ModelEntry(ModelRef model, Parameters parameters, Location location) {
    public ModelEntry {
        Objects.requireNonNull(model, "model");
        Objects.requireNonNull(parameters, "parameters");
        Objects.requireNonNull(location, "location");
    }

    public static ModelEntry of(ModelRef model, Parameters parameters) {
        return new ModelEntry(model, parameters, Location.NONE);
    }
}
