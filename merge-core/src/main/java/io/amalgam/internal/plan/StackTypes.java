package io.amalgam.internal.plan;

import io.amalgam.error.Problem;
import io.amalgam.plan.TensorTask;
import io.amalgam.recipe.Recipe;
import io.amalgam.tensor.DType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Whether layers that are stacked are written in one type. */
final class StackTypes {
    private StackTypes() {}

    /** What a tensor is written in, and the model it comes from. */
    private record Written(DType type, String model) {}

    /**
     * A warning if the same tensor is written in different types in layers of different models,
     * because the recipe sets none; empty otherwise.
     */
    static Optional<Problem> mixed(
            Recipe recipe, List<OutputTensor> slots, List<TensorTask> tasks) {
        boolean stacked = recipe.sections().stream().anyMatch(s -> !s.slices().isEmpty());
        if (!stacked || recipe.dtype().isPresent() || recipe.outDtype().isPresent()) {
            return Optional.empty();
        }
        Map<String, DType> types = new HashMap<>();
        tasks.forEach(task -> types.put(task.output().name(), task.output().dtype()));
        Map<String, List<Written>> byLayer = new LinkedHashMap<>();
        for (OutputTensor slot : slots) {
            DType type = types.get(slot.name());
            Optional<OutputTensor.Part> from =
                    slot.parts().stream().filter(part -> part.tensor().isPresent()).findFirst();
            if (type != null && type.arithmetic() && from.isPresent()) {
                // What a layer's tensor is called but for the numbers in it.
                byLayer.computeIfAbsent(
                                slot.name().replaceAll("\\d+", "0"), unused -> new ArrayList<>())
                        .add(new Written(type, from.get().model().ref.toString()));
            }
        }
        return byLayer.values().stream()
                .map(StackTypes::mixed)
                .flatMap(Optional::stream)
                .findFirst();
    }

    /** Models that have more than one type in themselves are meant to have them. */
    private static Optional<Problem> mixed(List<Written> layers) {
        Map<String, DType> byModel = new LinkedHashMap<>();
        layers.forEach(layer -> byModel.putIfAbsent(layer.model(), layer.type()));
        if (byModel.values().stream().distinct().count() < 2) {
            return Optional.empty();
        }
        List<String> found = new ArrayList<>();
        byModel.forEach((model, type) -> found.add(type + " from '" + model + "'"));
        return Optional.of(
                Problem.expected("types of the stacked layers", "one", String.join(" and ", found))
                        .hint(
                                "each layer is written in its own, whatever config.json says; in a recipe 'dtype' sets one for all"));
    }
}
