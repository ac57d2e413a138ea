package io.amalgam.internal.lora.apply;

import io.amalgam.error.Problem;
import io.amalgam.internal.lora.Adapter;
import io.amalgam.internal.lora.LoraModule;
import io.amalgam.internal.lora.WeightedAdapter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One adapter while it is matched with a base.
 *
 * @param taken by the base's tensors, or parts of them, the module that changes each
 * @param unmatched names that the base has not
 */
record AdapterMatch(
        LoraDraft draft,
        WeightedAdapter weighted,
        Map<String, String> taken,
        List<String> unmatched) {
    private static final int SHOWN = 3;

    static AdapterMatch of(LoraDraft draft, WeightedAdapter weighted) {
        return new AdapterMatch(draft, weighted, new LinkedHashMap<>(), new ArrayList<>());
    }

    Adapter adapter() {
        return weighted.adapter();
    }

    String name() {
        return adapter().name();
    }

    void add(String module, Optional<String> tensor, Optional<LoraModule> factors) {
        draft.matches().add(new LoraMatch(name(), module, tensor, factors));
    }

    /** Whether no other module of the adapter changes the tensor; a problem where one does. */
    boolean alone(String module, String tensor) {
        String earlier = taken.putIfAbsent(tensor, module);
        if (earlier == null) {
            return true;
        }
        draft.causes()
                .add(
                        "twice by " + name(),
                        Problem.of(
                                "modules '"
                                        + earlier
                                        + "' and '"
                                        + module
                                        + "' of adapter '"
                                        + name()
                                        + "' both match tensor '"
                                        + tensor
                                        + "' of model '"
                                        + draft.baseName()
                                        + "'"),
                        "the adapter is of a model with more parts than this one");
        return false;
    }

    /** What is said of names that the base has not. */
    Problem unmatchedNames() {
        StringBuilder list = new StringBuilder();
        int shown = Math.min(SHOWN, unmatched.size());
        for (String name : unmatched.subList(0, shown)) {
            list.append(list.isEmpty() ? "" : ", ").append('\'').append(name).append('\'');
            draft.matcher()
                    .nearest(name)
                    .filter(near -> name.equals(unmatched.get(0)))
                    .ifPresent(near -> list.append(" (nearest '").append(near).append("')"));
        }
        if (unmatched.size() > shown) {
            list.append(" and ").append(unmatched.size() - shown).append(" more");
        }
        int all =
                adapter().modules().size()
                        + adapter().whole().size()
                        + adapter().rows().size()
                        + adapter().changes().size();
        return Problem.expected(
                        "adapter '" + name() + "'",
                        "every module in model '" + draft.baseName() + "'",
                        unmatched.size() + " of " + all + " that match nothing: " + list)
                .hint("use the model the adapter was trained for");
    }
}
