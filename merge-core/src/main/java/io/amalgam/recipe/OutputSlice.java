package io.amalgam.recipe;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Consecutive layers of the output and what they are merged from.
 *
 * @param sources in recipe order, at least one; that they have the same number of layers is checked
 *     by the planner
 * @param baseModel stands for the recipe's base model in these layers
 */
public record OutputSlice(
        List<LayerSource> sources,
        Optional<ModelRef> baseModel,
        Parameters parameters,
        Location location) {
    public OutputSlice {
        sources = List.copyOf(sources);
        Objects.requireNonNull(baseModel, "baseModel");
        Objects.requireNonNull(parameters, "parameters");
        Objects.requireNonNull(location, "location");
        if (sources.isEmpty()) {
            throw new IllegalArgumentException("a slice needs a source");
        }
    }
}
