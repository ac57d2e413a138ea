package io.amalgam.internal.plan;

import io.amalgam.checkpoint.ConfigChanges.LayerChange;
import io.amalgam.recipe.ModelRef;
import io.amalgam.tensor.Shape;
import java.util.List;
import java.util.Map;

/**
 * The layers of a new stack, with the tensors they have.
 *
 * @param change where they come from
 * @param donor whose configuration will describe them
 * @param lenders the model of each output layer
 * @param before tensors of the donor's layers, by what follows the layer's number
 * @param after tensors of the output's layers
 */
record StackedLayers(
        LayerChange change,
        ModelRef donor,
        List<ModelRef> lenders,
        List<Map<String, Shape>> before,
        List<Map<String, Shape>> after) {}
