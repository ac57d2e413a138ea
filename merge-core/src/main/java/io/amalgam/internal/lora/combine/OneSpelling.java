package io.amalgam.internal.lora.combine;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
import io.amalgam.internal.layers.NameMatcher;
import io.amalgam.internal.lora.Adapter;
import io.amalgam.internal.lora.LoraModule;
import io.amalgam.internal.lora.WeightedAdapter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Adapters of one architecture under the names of the first: two versions of a library may call the
 * same module by different names ({@link NameMatcher}), and an adapter with both is loaded in part.
 *
 * @param adapters with the modules' and whole tensors' new names
 * @param renamed by adapters, names that were changed, with the new ones
 */
record OneSpelling(List<WeightedAdapter> adapters, Map<String, Map<String, String>> renamed) {
    private static final String WEIGHT = ".weight";

    /**
     * @param problems where only a part of an adapter's names can be told to be the same
     */
    static OneSpelling of(List<WeightedAdapter> adapters, List<Problem> problems) {
        List<WeightedAdapter> all = new ArrayList<>();
        Map<String, Map<String, String>> renamed = new LinkedHashMap<>();
        Set<String> known = new LinkedHashSet<>();
        for (WeightedAdapter weighted : adapters) {
            Adapter adapter = weighted.adapter();
            Set<String> own = names(adapter);
            Map<String, String> partners = partners(known, own);
            Optional<Problem> odd = odd(adapter, own, known, partners);
            odd.ifPresent(problems::add);
            WeightedAdapter spelt = weighted;
            if (!partners.isEmpty() && odd.isEmpty()) {
                spelt = new WeightedAdapter(spelt(adapter, partners), weighted.weight());
                renamed.put(adapter.name(), partners);
            }
            known.addAll(names(spelt.adapter()));
            all.add(spelt);
        }
        return new OneSpelling(all, renamed);
    }

    private static Set<String> names(Adapter adapter) {
        Set<String> names = new LinkedHashSet<>();
        adapter.modules().keySet().forEach(module -> names.add(module + WEIGHT));
        names.addAll(adapter.whole().keySet());
        return names;
    }

    /** Names with a partner, and those that begin as one of them does. */
    private static Map<String, String> partners(Set<String> known, Set<String> own) {
        NameMatcher reference = new NameMatcher(known);
        NameMatcher others = new NameMatcher(own);
        Map<String, String> found = new LinkedHashMap<>();
        Map<String, String> starts = new LinkedHashMap<>();
        for (String name : own) {
            Optional<String> there = reference.find(name);
            if (there.isPresent() && !own.contains(there.get())) {
                String other = there.get();
                if (others.find(other).equals(Optional.of(name))) {
                    found.put(name, other);
                    starts.put(start(name, other), start(other, name));
                }
            }
        }
        for (String name : own) {
            if (!known.contains(name)) {
                starts.forEach(
                        (from, to) -> {
                            if (name.startsWith(from)) {
                                found.putIfAbsent(name, to + name.substring(from.length()));
                            }
                        });
            }
        }
        return found;
    }

    /** A name up to the first part that both have from there on. */
    private static String start(String name, String other) {
        String[] parts = name.split("\\.");
        String[] others = other.split("\\.", -1);
        int same = 0;
        while (same < Math.min(parts.length, others.length)
                && parts[parts.length - 1 - same].equals(others[others.length - 1 - same])) {
            same++;
        }
        int end = Math.min(parts.length, parts.length - same + 1);
        return String.join(".", List.of(parts).subList(0, end)) + ".";
    }

    /** A name that is neither known nor like the others that are. */
    private static Optional<Problem> odd(
            Adapter adapter, Set<String> own, Set<String> known, Map<String, String> partners) {
        if (partners.isEmpty()) {
            return Optional.empty();
        }
        Map.Entry<String, String> like = partners.entrySet().iterator().next();
        return own.stream()
                .filter(name -> !known.contains(name) && !partners.containsKey(name))
                .findFirst()
                .map(
                        name ->
                                Problem.expected(
                                                "adapter '" + adapter.name() + "'",
                                                "names as in the adapters before it",
                                                "'"
                                                        + like.getKey()
                                                        + "', there '"
                                                        + like.getValue()
                                                        + "', and '"
                                                        + name
                                                        + "', which they have under no name")
                                        .hint(
                                                "save the adapters with one version of their library, or put each into the base and merge the models"));
    }

    private static Adapter spelt(Adapter adapter, Map<String, String> partners) {
        Map<String, LoraModule> modules = new LinkedHashMap<>();
        adapter.modules()
                .forEach(
                        (name, module) -> {
                            String tensor = name + WEIGHT;
                            String other = partners.getOrDefault(tensor, tensor);
                            String spelt = other.substring(0, other.length() - WEIGHT.length());
                            modules.put(spelt, module.named(spelt));
                        });
        Map<String, TensorSource> whole = new LinkedHashMap<>();
        adapter.whole()
                .forEach(
                        (name, tensor) ->
                                whole.put(
                                        partners.getOrDefault(name, name),
                                        Objects.requireNonNull(tensor)));
        return new Adapter(
                adapter.name(),
                adapter.path(),
                modules,
                whole,
                adapter.rows(),
                adapter.changes(),
                adapter.config(),
                adapter.files(),
                adapter.warnings(),
                adapter.resource());
    }
}
