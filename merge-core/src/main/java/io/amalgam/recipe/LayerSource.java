package io.amalgam.recipe;

import java.util.Objects;

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

    public int layers() {
        return end - start;
    }
}
