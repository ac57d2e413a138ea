package io.amalgam.internal.plan;

import io.amalgam.internal.layers.NonLayerTensors;
import io.amalgam.internal.plan.OpenModels.Model;
import io.amalgam.tensor.Shape;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Two names of what is, by its sizes, one tensor of a layer in two models.
 *
 * @param reference the model that has the one name
 * @param wanted its name
 * @param got the other model's
 */
record LayerTwins(Model reference, String wanted, String got) {
    /** A tensor of a layer that only one of two models has by this name. */
    private record Lone(String name, Shape shape) {}

    /**
     * A pair, where in every layer in which each of two models has tensors that the other lacks,
     * those of one all have their like in the other: one of the same shape, or together as many
     * elements as what is left there (experts in one tensor, or each in its own).
     */
    static Optional<LayerTwins> of(Model reference, Model model) {
        Map<Integer, List<Lone>> wanted = lone(reference, model);
        Map<Integer, List<Lone>> own = wanted.isEmpty() ? Map.of() : lone(model, reference);
        Optional<LayerTwins> found = Optional.empty();
        for (Map.Entry<Integer, List<Lone>> layer : wanted.entrySet()) {
            List<Lone> there = layer.getValue();
            List<Lone> here = own.getOrDefault(layer.getKey(), List.of());
            if (here.isEmpty()) {
                continue;
            }
            Optional<LayerTwins> pair = pair(reference, there, here);
            if (pair.isEmpty()) {
                return Optional.empty();
            }
            found = found.or(() -> pair);
        }
        return found;
    }

    private static Optional<LayerTwins> pair(Model reference, List<Lone> there, List<Lone> here) {
        List<Lone> left = new ArrayList<>(there);
        List<Lone> rest = new ArrayList<>();
        Optional<LayerTwins> pair = Optional.empty();
        for (Lone own : here) {
            Optional<Lone> like = taken(left, own.shape());
            if (like.isEmpty()) {
                rest.add(own);
            } else if (pair.isEmpty()) {
                pair = Optional.of(new LayerTwins(reference, like.get().name(), own.name()));
            }
        }
        if (left.isEmpty() || rest.isEmpty()) {
            return pair;
        }
        return elements(left) == elements(rest)
                ? pair.or(
                        () ->
                                Optional.of(
                                        new LayerTwins(
                                                reference, left.get(0).name(), rest.get(0).name())))
                : Optional.empty();
    }

    private static Optional<Lone> taken(List<Lone> from, Shape shape) {
        for (Iterator<Lone> lone = from.iterator(); lone.hasNext(); ) {
            Lone next = lone.next();
            if (next.shape().equals(shape)) {
                lone.remove();
                return Optional.of(next);
            }
        }
        return Optional.empty();
    }

    private static long elements(List<Lone> tensors) {
        return tensors.stream().mapToLong(lone -> lone.shape().elements()).sum();
    }

    /** Tensors of layers that only the first of two models has, by the layer's number. */
    private static Map<Integer, List<Lone>> lone(Model of, Model without) {
        Map<Integer, List<Lone>> lone = new TreeMap<>();
        of.tensors.forEach(
                (name, tensor) -> {
                    if (!without.tensors.containsKey(name) && !NonLayerTensors.isBuffer(name)) {
                        of.stacks
                                .find(name)
                                .ifPresent(
                                        layer ->
                                                lone.computeIfAbsent(
                                                                layer.index(),
                                                                unused -> new ArrayList<>())
                                                        .add(
                                                                new Lone(
                                                                        name,
                                                                        tensor.info().shape())));
                    }
                });
        return lone;
    }
}
