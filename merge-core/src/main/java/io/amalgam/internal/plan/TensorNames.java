package io.amalgam.internal.plan;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.layers.ExpertLayouts;
import io.amalgam.internal.layers.NameMatcher;
import io.amalgam.plan.MergePlan.Renaming;
import io.amalgam.recipe.ModelRef;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A model's tensors by their names in other models.
 *
 * @param tensors in the model's order; each still says what it is called in its file
 * @param renamings what is called differently there
 */
public record TensorNames(Map<String, ? extends TensorSource> tensors, List<Renaming> renamings) {
    /**
     * @param references models that have their names already: the first decides, others say what it
     *     lacks
     */
    public static TensorNames of(
            ModelRef model,
            Map<String, ? extends TensorSource> own,
            List<Map<String, ? extends TensorSource>> references) {
        Map<String, ? extends TensorSource> tensors = own;
        List<Renaming> renamings = new ArrayList<>();
        Set<String> settled = new LinkedHashSet<>();
        for (Map<String, ? extends TensorSource> reference : references) {
            if (settled.isEmpty()) {
                ExpertLayouts.Laid laid = ExpertLayouts.like(reference, tensors);
                tensors = laid.tensors();
                laid.changes()
                        .forEach(
                                (change, count) ->
                                        renamings.add(
                                                new Renaming(
                                                        model,
                                                        change.getKey(),
                                                        change.getValue(),
                                                        count)));
            }
            Map<String, String> partners =
                    NameMatcher.partners(
                            without(reference.keySet(), settled),
                            without(tensors.keySet(), settled));
            if (!partners.isEmpty()) {
                tensors = renamed(tensors, partners);
                renamings.addAll(Renaming.of(model, partners));
            }
            settled.addAll(reference.keySet());
            if (settled.containsAll(tensors.keySet())) {
                break;
            }
        }
        return new TensorNames(tensors, renamings);
    }

    private static Set<String> without(Set<String> names, Set<String> settled) {
        if (settled.isEmpty()) {
            return names;
        }
        Set<String> rest = new LinkedHashSet<>(names);
        rest.removeAll(settled);
        return rest;
    }

    private static Map<String, TensorSource> renamed(
            Map<String, ? extends TensorSource> tensors, Map<String, String> partners) {
        Map<String, TensorSource> renamed = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> renamed.put(partners.getOrDefault(name, name), tensor));
        return Collections.unmodifiableMap(renamed);
    }
}
