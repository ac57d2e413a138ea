package io.amalgam.internal.plan;

import io.amalgam.error.Problem;
import io.amalgam.internal.layers.LayerStack;
import io.amalgam.internal.plan.OpenModels.Model;
import io.amalgam.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Blocks that several layers of a model use and only one of them has in the file, as Zamba's
 * attention: readers give them to all such layers. Layers of a new stack then need another layer's
 * tensors, which a file cannot say of two models.
 *
 * @param name what it is called in its layer
 * @param users the layers that use it, in their order
 * @param owners those that have it
 */
record SharedBlocks(String name, List<Integer> users, List<Integer> owners) {
    /** The blocks of a model; empty where each layer has all it uses. */
    static Optional<SharedBlocks> of(Model model, LayerStack stack) {
        Map<Integer, Map<String, Shape>> layers = new TreeMap<>(StackCheck.layersOf(model, stack));
        Set<String> candidates = new HashSet<>();
        layers.values()
                .forEach(
                        tensors ->
                                tensors.keySet().stream()
                                        .map(SharedBlocks::first)
                                        .filter(part -> part.startsWith("shared"))
                                        .forEach(candidates::add));
        return candidates.stream()
                .sorted()
                .map(block -> of(block, layers))
                .flatMap(Optional::stream)
                .findFirst();
    }

    /** Layers that differ only by the block are those that use it. */
    private static Optional<SharedBlocks> of(
            String block, Map<Integer, Map<String, Shape>> layers) {
        Set<Map<String, Shape>> using = new HashSet<>();
        Map<Integer, Map<String, Shape>> rests = new TreeMap<>();
        List<Integer> owners = new ArrayList<>();
        layers.forEach(
                (layer, tensors) -> {
                    Map<String, Shape> rest = new HashMap<>(tensors);
                    rest.keySet().removeIf(suffix -> first(suffix).equals(block));
                    rests.put(layer, rest);
                    if (rest.size() < tensors.size()) {
                        owners.add(layer);
                        using.add(rest);
                    }
                });
        List<Integer> users =
                rests.keySet().stream().filter(layer -> using.contains(rests.get(layer))).toList();
        return users.size() == owners.size()
                ? Optional.empty()
                : Optional.of(new SharedBlocks(block, users, owners));
    }

    private static String first(String suffix) {
        int dot = suffix.indexOf('.');
        return dot < 0 ? suffix : suffix.substring(0, dot);
    }

    /**
     * Refuses stacks whose layers would get another block than theirs: layers of two models, or
     * others than the model's own in their order.
     *
     * @param lenders the model of each output layer
     * @param sources the number of each in its model
     */
    static void check(
            List<Model> lenders, List<Integer> sources, ModuleTensors scope, Problems problems) {
        Map<Model, Optional<SharedBlocks>> found = new HashMap<>();
        List<Integer> users = new ArrayList<>();
        Set<Model> models = new LinkedHashSet<>();
        for (int place = 0; place < lenders.size(); place++) {
            Optional<SharedBlocks> blocks =
                    found.computeIfAbsent(
                            lenders.get(place),
                            model -> scope.stackIfAny(model).flatMap(stack -> of(model, stack)));
            int source = sources.get(place);
            if (blocks.filter(own -> own.users.contains(source)).isPresent()) {
                users.add(source);
                models.add(lenders.get(place));
            }
        }
        for (Model model : models) {
            SharedBlocks blocks = Objects.requireNonNull(found.get(model)).orElseThrow();
            if (models.size() > 1 || !users.equals(blocks.users)) {
                problems.addOnce("shared block " + blocks.name, blocks.problem(model));
                return;
            }
        }
    }

    private Problem problem(Model model) {
        int borrower =
                users.stream().filter(layer -> !owners.contains(layer)).findFirst().orElseThrow();
        return Problem.expected(
                        "block '" + name + "' of model '" + model.ref + "'",
                        "one of each layer's own",
                        "that of layer "
                                + owners.get(0)
                                + ", which layer "
                                + borrower
                                + " uses too")
                .at(model.ref.location())
                .hint(
                        "take all layers that use it from one model, each once and in their order; they are "
                                + users);
    }
}
