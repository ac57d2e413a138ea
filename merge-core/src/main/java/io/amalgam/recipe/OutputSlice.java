package io.amalgam.recipe;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Consecutive layers of the output, and their sources. Immutable.
 *
 * @param sources in recipe order, at least one; the planner checks that they have the same number
 *     of layers
 * @param baseModel replaces the recipe's base model in these layers
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

    /**
     * Consecutive layers of a model that take part in an {@link OutputSlice}.
     *
     * @param start first layer, counted from 0
     * @param end the layer after the last
     */
    public record LayerSource(
            ModelRef model, int start, int end, Parameters parameters, Location location) {
        /**
         * @throws IllegalArgumentException if the range is empty or begins below 0
         */
        public LayerSource {
            Objects.requireNonNull(model, "model");
            Objects.requireNonNull(parameters, "parameters");
            Objects.requireNonNull(location, "location");
            if (start < 0 || end <= start) {
                throw new IllegalArgumentException("no layers in [" + start + ", " + end + ")");
            }
        }

        /** Number of layers of the output. */
        public int layers() {
            return end - start;
        }
    }
}
