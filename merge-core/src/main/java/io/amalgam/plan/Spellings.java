package io.amalgam.plan;

import io.amalgam.plan.OpenModels.Model;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;

/** The tensor names of several models, each with what every model calls it. */
final class Spellings {
    private Spellings() {}

    /**
     * The parts of every output tensor that these models make, by its name: the first model's
     * spelling, in its order, then what only later ones have.
     *
     * @param wanted which tensors of a model are looked at
     */
    static Map<String, List<Slot.Part>> of(List<Entry> entries, BiPredicate<Model, String> wanted) {
        Map<String, List<Optional<String>>> names = new LinkedHashMap<>();
        for (int i = 0; i < entries.size(); i++) {
            collect(entries.get(i).model(), i, names, wanted);
        }
        Map<String, List<Slot.Part>> parts = new LinkedHashMap<>();
        names.forEach((name, spellings) -> parts.put(name, parts(name, spellings, entries)));
        return parts;
    }

    /**
     * Adds model {@code index}'s spelling of every name known so far, then the names only it has.
     */
    private static void collect(
            Model model,
            int index,
            Map<String, List<Optional<String>>> names,
            BiPredicate<Model, String> wanted) {
        Set<String> used = new HashSet<>();
        names.forEach(
                (name, spellings) -> {
                    Optional<String> own = model.match(name);
                    own.ifPresent(used::add);
                    spellings.add(own);
                });
        for (String name : model.tensors.keySet()) {
            if (!used.contains(name) && wanted.test(model, name)) {
                List<Optional<String>> spellings = new ArrayList<>();
                for (int i = 0; i < index; i++) {
                    spellings.add(Optional.empty());
                }
                spellings.add(Optional.of(name));
                names.put(name, spellings);
            }
        }
    }

    private static List<Slot.Part> parts(
            String name, List<Optional<String>> spellings, List<Entry> entries) {
        List<Slot.Part> parts = new ArrayList<>();
        for (int i = 0; i < entries.size(); i++) {
            Model model = entries.get(i).model();
            Optional<String> own = i < spellings.size() ? spellings.get(i) : Optional.empty();
            parts.add(
                    new Slot.Part(
                            model, own.or(() -> model.tiedTo(name)), entries.get(i).parameters()));
        }
        return parts;
    }
}
