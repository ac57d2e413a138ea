package io.amalgam.internal.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.Problem;
import io.amalgam.internal.plan.OpenModels.Model;
import io.amalgam.tensor.Shape;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Tensors outside of layers in which every layer has a part: Gemma 3n's {@code
 * embed_tokens_per_layer}. They cannot follow a new order of layers, so there is none.
 */
final class LayerColumns {
    private static final String WIDTH = "hidden_size_per_layer_input";
    private static final List<String> SECTIONS =
            List.of("text_config", "llm_config", "language_config", "thinker_config");

    private LayerColumns() {}

    /**
     * @param lenders the model of each output layer
     * @param sources the number of each in its model
     */
    static void check(
            List<Model> lenders, List<Integer> sources, ModuleTensors scope, Problems problems) {
        Model first = lenders.get(0);
        int layers = scope.stack(first).orElseThrow().count();
        boolean inPlace = sources.size() == layers && lenders.stream().allMatch(first::equals);
        for (int layer = 0; inPlace && layer < layers; layer++) {
            inPlace = sources.get(layer) == layer;
        }
        Optional<String> found = inPlace ? Optional.empty() : find(first, layers, scope);
        found.ifPresent(
                name ->
                        problems.addOnce(
                                "columns by layer " + name,
                                Problem.of(
                                                "tensor '"
                                                        + name
                                                        + "' of model '"
                                                        + first.ref
                                                        + "' has a part for each layer, which cannot follow a new order of layers")
                                        .at(first.ref.location())
                                        .hint(
                                                "models with inputs of their own for each layer cannot be restacked")));
    }

    private static Optional<String> find(Model model, int layers, ModuleTensors scope) {
        long width = model.checkpoint.config().map(LayerColumns::width).orElse(0L);
        if (width == 0) {
            return Optional.empty();
        }
        return model.tensors.entrySet().stream()
                .filter(tensor -> tensor.getKey().toLowerCase(Locale.ROOT).contains("per_layer"))
                .filter(tensor -> model.stacks.find(tensor.getKey()).isEmpty())
                .filter(tensor -> scope.has(model, tensor.getKey()))
                .filter(tensor -> hasAxis(tensor.getValue().info().shape(), layers * width))
                .map(Map.Entry::getKey)
                .findFirst();
    }

    private static boolean hasAxis(Shape shape, long size) {
        for (int axis = 0; axis < shape.rank(); axis++) {
            if (shape.dim(axis) == size) {
                return true;
            }
        }
        return false;
    }

    private static long width(ObjectNode config) {
        JsonNode width = config.path(WIDTH);
        if (width.isInt()) {
            return width.longValue();
        }
        return SECTIONS.stream()
                .map(config::path)
                .filter(ObjectNode.class::isInstance)
                .mapToLong(section -> width((ObjectNode) section))
                .max()
                .orElse(0);
    }
}
