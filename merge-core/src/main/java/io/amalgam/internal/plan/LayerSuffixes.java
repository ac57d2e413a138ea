package io.amalgam.internal.plan;

import io.amalgam.internal.plan.OpenModels.Model;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** What the tensors of a model's layers are called within their layer. */
final class LayerSuffixes {
    private final ModuleTensors scope;
    private final Map<Model, Set<String>> firstOnly = new HashMap<>();

    LayerSuffixes(ModuleTensors scope) {
        this.scope = scope;
    }

    /** The names of a layer's tensors behind the layer's number. */
    Set<String> of(Model model, int layer) {
        String prefix = scope.stack(model).orElseThrow().name(layer, "");
        Set<String> suffixes = new LinkedHashSet<>();
        for (String name : model.tensors.keySet()) {
            if (name.startsWith(prefix)) {
                suffixes.add(name.substring(prefix.length()));
            }
        }
        return suffixes;
    }

    /**
     * What a stack's first layer has beside all that the others have, and none of them has: it is
     * the stack's, kept in its first layer (T5's {@code relative_attention_bias}).
     */
    Set<String> firstOnly(Model model) {
        Set<String> known = firstOnly.get(model);
        if (known != null) {
            return known;
        }
        Set<String> first = of(model, 0);
        Set<String> extra = new LinkedHashSet<>(first);
        int count = scope.stack(model).orElseThrow().count();
        Set<String> inAll = count > 1 ? of(model, 1) : new LinkedHashSet<>();
        for (int layer = 1; layer < count; layer++) {
            Set<String> suffixes = of(model, layer);
            extra.removeAll(suffixes);
            inAll.retainAll(suffixes);
        }
        Set<String> only = count > 1 && first.containsAll(inAll) ? extra : Set.of();
        firstOnly.put(model, only);
        return only;
    }
}
