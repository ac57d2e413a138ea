package io.amalgam.internal.lora.combine;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
import io.amalgam.internal.lora.Adapter;
import io.amalgam.internal.lora.AdapterReads;
import io.amalgam.internal.lora.ModuleTree;
import io.amalgam.internal.lora.NewAdapter;
import io.amalgam.internal.lora.WeightedAdapter;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/**
 * Full tensors of adapters that the combined adapter keeps unchanged, whatever the weight, because
 * their change is unknown without the base.
 *
 * @param tensors by the base's names
 * @param saved modules that are kept as such
 * @param owners the adapter each tensor is of
 * @param warnings weights that have no effect on them
 */
record KeptTensors(
        Map<String, NewAdapter.Whole> tensors,
        Set<String> saved,
        Map<String, String> owners,
        List<Problem> warnings) {

    /** Collects them; one that two adapters have and that differs is a problem. */
    static KeptTensors of(List<WeightedAdapter> adapters, List<Problem> problems)
            throws IOException {
        Map<String, NewAdapter.Whole> tensors = new LinkedHashMap<>();
        Map<String, String> owners = new LinkedHashMap<>();
        Set<String> saved = new TreeSet<>();
        List<Problem> warnings = new ArrayList<>();
        for (WeightedAdapter weighted : adapters) {
            Adapter adapter = weighted.adapter();
            if (adapter.whole().isEmpty()) {
                continue;
            }
            for (Map.Entry<String, TensorSource> entry : adapter.whole().entrySet()) {
                String name = entry.getKey();
                TensorSource source = entry.getValue();
                NewAdapter.Whole whole =
                        new NewAdapter.Whole(
                                source.info().shape(), AdapterReads.finite(source, adapter.name()));
                NewAdapter.Whole other = tensors.putIfAbsent(name, whole);
                if (other == null) {
                    owners.put(name, adapter.name());
                } else if (!same(other, whole)) {
                    problems.add(differs(name, Objects.requireNonNull(owners.get(name)), adapter));
                }
                String module = ModuleTree.module(name);
                // A trained bias, or the tensor under the factors, is of no module that is saved.
                if (name.endsWith(".weight") && !adapter.modules().containsKey(module)) {
                    saved.add(module);
                }
            }
            if (weighted.weight() != 1) {
                warnings.add(unweighted(weighted));
            }
        }
        return new KeptTensors(tensors, saved, owners, warnings);
    }

    private static boolean same(NewAdapter.Whole a, NewAdapter.Whole b) {
        return a.shape().equals(b.shape()) && Arrays.equals(a.values(), b.values());
    }

    private static Problem differs(String name, String first, Adapter second) {
        return Problem.of(
                        "adapters '"
                                + first
                                + "' and '"
                                + second.name()
                                + "' both have tensor '"
                                + name
                                + "', with other values")
                .hint("put each adapter into the base and merge the models");
    }

    private static Problem unweighted(WeightedAdapter weighted) {
        Adapter adapter = weighted.adapter();
        return Problem.of(
                        "weight "
                                + weighted.weight()
                                + " of adapter '"
                                + adapter.name()
                                + "' has no effect on its whole tensors, such as '"
                                + adapter.whole().keySet().iterator().next()
                                + "'")
                .hint("they are kept as they are; put the adapter into the base to weigh them");
    }
}
