package io.amalgam.internal.plan;

import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.Parameters;
import java.util.List;
import java.util.Optional;

/**
 * An output tensor before parameters, shapes and types are resolved: its name, and its input
 * tensors.
 *
 * @param name as written
 * @param position what gradients are evaluated at
 * @param parts in recipe order
 * @param slice parameters of the output slice it belongs to
 * @param module parameters of the module it belongs to
 * @param base the slice's own base model
 */
record OutputTensor(
        String name,
        double position,
        List<Part> parts,
        Parameters slice,
        Parameters module,
        Optional<ModelRef> base) {
    OutputTensor {
        parts = List.copyOf(parts);
    }

    /**
     * @param tensor the model's own name for its tensor; empty where it has none
     * @param parameters written at the model's entry
     */
    record Part(OpenModels.Model model, Optional<String> tensor, Parameters parameters) {}
}
