package io.amalgam.internal.plan;

import io.amalgam.internal.plan.OpenModels.Model;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiPredicate;

/** The tensor names of several models, each with the models that have it. */
final class SlotNames {
    private SlotNames() {}

    /**
     * The parts of every output tensor that these models make, by its name: in the first model's
     * order, then what only later ones have.
     *
     * @param wanted which tensors of a model are looked at
     */
    static Map<String, List<OutputTensor.Part>> of(
            List<ModelUse> entries, BiPredicate<Model, String> wanted) {
        Set<String> names = new LinkedHashSet<>();
        for (ModelUse entry : entries) {
            entry.model().tensors.keySet().stream()
                    .filter(name -> wanted.test(entry.model(), name))
                    .forEach(names::add);
        }
        Map<String, List<OutputTensor.Part>> parts = new LinkedHashMap<>();
        names.forEach(name -> parts.put(name, parts(name, entries)));
        return parts;
    }

    private static List<OutputTensor.Part> parts(String name, List<ModelUse> entries) {
        List<OutputTensor.Part> parts = new ArrayList<>();
        for (ModelUse entry : entries) {
            Model model = entry.model();
            parts.add(
                    new OutputTensor.Part(
                            model,
                            model.match(name).or(() -> model.tiedTo(name)),
                            entry.parameters()));
        }
        return parts;
    }
}
