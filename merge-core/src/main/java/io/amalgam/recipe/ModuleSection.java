package io.amalgam.recipe;

import java.util.List;
import java.util.Objects;

/**
 * The models or slices for one part of a model: an encoder, a decoder, a language model. Immutable.
 *
 * @param name of the part, not yet checked against any model; empty for the only section of a
 *     recipe without modules
 * @param models whole parts to merge; empty if there are slices
 * @param slices the part's layers from first to last; empty if there are models
 * @param parameters with lower priority than those of slices and models, and higher than the
 *     recipe's
 * @param location of the name
 */
public record ModuleSection(
        String name,
        List<ModelEntry> models,
        List<OutputSlice> slices,
        Parameters parameters,
        Location location) {
    /**
     * @throws IllegalArgumentException unless there are either models or slices
     */
    public ModuleSection {
        Objects.requireNonNull(name, "name");
        models = List.copyOf(models);
        slices = List.copyOf(slices);
        Objects.requireNonNull(parameters, "parameters");
        Objects.requireNonNull(location, "location");
        if (models.isEmpty() == slices.isEmpty()) {
            throw new IllegalArgumentException("a module has either models or slices");
        }
    }

    /** A part merged from whole parts, built in code. */
    public static ModuleSection ofModels(String name, List<ModelEntry> models) {
        return new ModuleSection(name, models, List.of(), Parameters.EMPTY, Location.NONE);
    }

    /** A part stacked from layers, built in code. */
    public static ModuleSection ofSlices(String name, List<OutputSlice> slices) {
        return new ModuleSection(name, List.of(), slices, Parameters.EMPTY, Location.NONE);
    }
}
