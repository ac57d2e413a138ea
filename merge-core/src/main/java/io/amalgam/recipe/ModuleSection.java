package io.amalgam.recipe;

import java.util.List;
import java.util.Objects;

/**
 * What one part of a model is merged from: an encoder, a decoder, a language model.
 *
 * @param name of the part, not yet looked for in any model; empty for the only section of a recipe
 *     that names no parts
 * @param models whole parts to merge; empty if there are slices
 * @param slices the part's layers from first to last; empty if there are models
 * @param parameters that stand behind those of slices and models, and before the recipe's
 * @param location where the name is written
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

    /** A part put together from layers, built in code. */
    public static ModuleSection ofSlices(String name, List<OutputSlice> slices) {
        return new ModuleSection(name, List.of(), slices, Parameters.EMPTY, Location.NONE);
    }
}
