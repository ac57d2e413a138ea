package io.amalgam.internal.plan;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
import io.amalgam.internal.layers.LayerName;
import io.amalgam.internal.layers.LayerStack;
import io.amalgam.internal.layers.NonLayerTensors;
import io.amalgam.internal.plan.OpenModels.Model;
import io.amalgam.tensor.Shape;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Whether layers of several models fit into one stack. Layers of one model may differ among
 * themselves (experts from some layer on, layers of their own width), so a layer fits if each of
 * its tensors has a shape that some layer of the first model gives it.
 */
final class StackCheck {
    private static final String SIZES = "models of different sizes cannot be stacked";

    private final Model first;
    private final boolean uneven;
    private final Problems problems;
    private final Map<String, Set<Shape>> shapes = new HashMap<>();
    private final Set<String> always = new LinkedHashSet<>();

    StackCheck(Model first, LayerStack stack, boolean uneven, Problems problems) {
        this.first = first;
        this.uneven = uneven;
        this.problems = problems;
        Map<String, Integer> members = new HashMap<>();
        layersOf(first, stack)
                .forEach(
                        (layer, tensors) ->
                                tensors.forEach(
                                        (suffix, shape) -> {
                                            shapes.computeIfAbsent(suffix, s -> new HashSet<>())
                                                    .add(shape);
                                            members.merge(suffix, 1, Integer::sum);
                                        }));
        members.forEach(
                (suffix, count) -> {
                    if (count == stack.count() && !NonLayerTensors.isBuffer(suffix)) {
                        always.add(suffix);
                    }
                });
    }

    /** Checks layers {@code from .. to-1} of a model. */
    void layers(Model model, LayerStack stack, int from, int to) {
        if (model == first) {
            return;
        }
        Map<Integer, Map<String, Shape>> layers = layersOf(model, stack);
        for (int i = from; i < to; i++) {
            Map<String, Shape> tensors = layers.getOrDefault(i, Map.of());
            int layer = i;
            tensors.forEach(
                    (suffix, shape) -> tensor(model, stack.name(layer, suffix), suffix, shape));
            for (String suffix : always) {
                if (!tensors.containsKey(suffix) && !uneven) {
                    missing(stack.name(i, suffix), model, first, model);
                }
            }
        }
    }

    private void tensor(Model model, String name, String suffix, Shape shape) {
        Set<Shape> known = shapes.get(suffix);
        if (known == null) {
            if (!uneven && !NonLayerTensors.isBuffer(name)) {
                missing(name, first, model, model);
            }
        } else if (!known.contains(shape)) {
            Shape example = known.iterator().next();
            problems.add(
                    "stack " + model.ref + example + shape,
                    Problem.expected(
                                    "shape of tensor '" + name + "' in '" + model.ref + "'",
                                    example + " as in the layers of '" + first.ref + "'",
                                    shape)
                            .at(model.ref.location())
                            .hint(SIZES));
        }
    }

    private void missing(String name, Model without, Model with, Model where) {
        problems.add(
                "stack " + without.ref + " lacks what has " + with.ref,
                Problem.of(
                                "tensor '"
                                        + name
                                        + "' is missing in the layers of '"
                                        + without.ref
                                        + "' but present in those of '"
                                        + with.ref
                                        + "'")
                        .at(where.ref.location())
                        .hint(
                                "stack layers of one architecture, or give TensorSet.UNION to take them as they are"));
    }

    /** An embedding and a head that come from different models must count the same tokens. */
    static void vocabularies(Iterable<OutputTensor> slots, Problems problems) {
        Optional<OutputTensor> embedding = Optional.empty();
        Optional<OutputTensor> head = Optional.empty();
        for (OutputTensor slot : slots) {
            if (NonLayerTensors.isEmbedding(slot.name()) && embedding.isEmpty()) {
                embedding = Optional.of(slot);
            } else if (NonLayerTensors.isHead(slot.name())) {
                head = Optional.of(slot);
            }
        }
        if (embedding.isEmpty() || head.isEmpty()) {
            return;
        }
        OutputTensor.Part in = embedding.get().parts().get(0);
        OutputTensor.Part out = head.get().parts().get(0);
        Optional<Shape> rows = in.tensor().map(name -> shape(in.model(), name));
        Optional<Shape> columns = out.tensor().map(name -> shape(out.model(), name));
        if (in.model() == out.model() || rows.isEmpty() || columns.isEmpty()) {
            return;
        }
        if (rows.get().rank() != 2 || columns.get().rank() != 2) {
            return;
        }
        long tokens = rows.get().dim(0);
        tokens -= TokenRows.of(in.model()).behind(tokens);
        if (tokens != columns.get().dim(0)) {
            problems.add(
                    Problem.expected(
                                    "rows of tensor '"
                                            + head.get().name()
                                            + "' of '"
                                            + out.model().ref
                                            + "'",
                                    tokens + " as in the embedding of '" + in.model().ref + "'",
                                    columns.get().dim(0))
                            .at(out.model().ref.location())
                            .hint(
                                    "the vocabularies differ: add 'tokenizer: {source: union}' to the recipe, or take the last layers from a model of the same vocabulary"));
        }
    }

    private static Shape shape(Model model, String name) {
        TensorSource tensor = model.tensors.get(name);
        if (tensor == null) {
            throw new IllegalStateException(name);
        }
        return tensor.info().shape();
    }

    /** Shapes by layer number and suffix, with one spelling of layer norms' parameters. */
    static Map<Integer, Map<String, Shape>> layersOf(Model model, LayerStack stack) {
        Map<Integer, Map<String, Shape>> layers = new HashMap<>();
        model.tensors.forEach(
                (name, tensor) -> {
                    Optional<LayerName> found =
                            model.stacks
                                    .find(name)
                                    .filter(l -> l.stack().prefix().equals(stack.prefix()))
                                    .filter(l -> l.index() < stack.count());
                    found.ifPresent(
                            layer ->
                                    layers.computeIfAbsent(layer.index(), unused -> new HashMap<>())
                                            .put(spelling(layer.suffix()), tensor.info().shape()));
                });
        return layers;
    }

    private static String spelling(String suffix) {
        return suffix.replaceFirst("LayerNorm\\.gamma$", "LayerNorm.weight")
                .replaceFirst("LayerNorm\\.beta$", "LayerNorm.bias");
    }
}
