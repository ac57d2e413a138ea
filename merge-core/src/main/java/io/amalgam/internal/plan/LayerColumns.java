package io.amalgam.internal.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
import io.amalgam.internal.config.ConfigSections;
import io.amalgam.internal.plan.OpenModels.Model;
import io.amalgam.tensor.Shape;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Tensors outside of layers in which every layer has a part: Gemma 3n's {@code
 * embed_tokens_per_layer}, ESM's regression over the attention of all heads, weights of layers.
 * They cannot follow a new order of layers, so there is none.
 */
final class LayerColumns {
    private static final String WIDTH = "hidden_size_per_layer_input";
    private static final List<String> HEADS =
            List.of("num_attention_heads", "n_head", "n_heads", "num_heads");

    private final Model model;
    private final int layers;
    private final Set<Long> widths = new HashSet<>();
    private final Set<Long> heads = new HashSet<>();

    /** Sizes that the configuration names or layers have, which are none of all layers together. */
    private final Set<Long> explained = new HashSet<>();

    private LayerColumns(Model model, int layers) {
        this.model = model;
        this.layers = layers;
        model.checkpoint
                .config()
                .ifPresent(config -> ConfigSections.of(config).forEach(this::settings));
        if (!heads.isEmpty()) {
            model.tensors.forEach(
                    (name, tensor) -> {
                        Shape shape = tensor.info().shape();
                        for (int axis = 0;
                                axis < shape.rank() && model.stacks.find(name).isPresent();
                                axis++) {
                            explained.add(shape.dim(axis));
                        }
                    });
        }
    }

    private void settings(ObjectNode section) {
        for (Map.Entry<String, JsonNode> entry : section.properties()) {
            if (!entry.getValue().isInt()) {
                continue;
            }
            long value = entry.getValue().longValue();
            explained.add(value);
            if (entry.getKey().equals(WIDTH)) {
                widths.add(value * layers);
            } else if (HEADS.contains(entry.getKey())) {
                heads.add(value * layers);
            }
        }
    }

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
        if (!inPlace) {
            LayerColumns columns = new LayerColumns(first, layers);
            columns.find(scope)
                    .ifPresent(
                            tensor ->
                                    problems.addOnce(
                                            "columns by layer " + tensor.info().name(),
                                            columns.problem(tensor)));
        }
    }

    private Problem problem(TensorSource tensor) {
        return Problem.expected(
                        "tensor '" + tensor.info().name() + "' of model '" + model.ref + "'",
                        "sizes that do not depend on the number of layers",
                        tensor.info().shape() + ", a part for each of " + layers + " layers")
                .at(model.ref.location())
                .hint("the parts cannot follow a new order: such models cannot be restacked");
    }

    private Optional<? extends TensorSource> find(ModuleTensors scope) {
        return model.tensors.entrySet().stream()
                .filter(tensor -> model.stacks.find(tensor.getKey()).isEmpty())
                .filter(tensor -> scope.has(model, tensor.getKey()))
                .filter(tensor -> isByLayer(tensor.getKey(), tensor.getValue().info().shape()))
                .map(Map.Entry::getValue)
                .findFirst();
    }

    private boolean isByLayer(String tensor, Shape shape) {
        String name = tensor.toLowerCase(Locale.ROOT);
        boolean perLayer = name.contains("per_layer");
        boolean ofLayers = name.endsWith("layer_weights");
        for (int axis = 0; axis < shape.rank(); axis++) {
            long size = shape.dim(axis);
            if ((perLayer && widths.contains(size))
                    || (ofLayers && (size == layers || size == layers + 1L))
                    || (heads.contains(size) && !explained.contains(size))) {
                return true;
            }
        }
        return false;
    }
}
