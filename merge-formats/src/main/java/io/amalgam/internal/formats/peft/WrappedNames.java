package io.amalgam.internal.formats.peft;

import io.amalgam.internal.lora.NewAdapter;
import io.amalgam.internal.lora.ParameterFactors;
import java.util.HashMap;
import java.util.Map;

/**
 * Names of tensors in modules that PEFT has wrapped: what was in a module is in its {@code
 * base_layer}, once for every wrapper around it. A module with two adapted parameters has two.
 */
final class WrappedNames {
    private static final String INNER = ".base_layer";

    private final Map<String, Integer> wrappers = new HashMap<>();
    private final Map<String, Integer> around = new HashMap<>();

    WrappedNames(NewAdapter adapter) {
        adapter.modules().forEach(module -> wrappers.put(module.module(), 1));
        adapter.parameters().forEach(f -> wrappers.merge(f.module(), 1, Integer::sum));
        // The module's first parameter is wrapped first, by the innermost wrapper.
        Map<String, Integer> seen = new HashMap<>();
        for (ParameterFactors factors : adapter.parameters()) {
            int number = seen.merge(factors.module(), 1, Integer::sum);
            around.put(factors.name(), wrappers.getOrDefault(factors.module(), 1) - number);
        }
    }

    /** The wrapper that has a parameter's factors. */
    String wrapper(ParameterFactors factors) {
        return factors.module() + INNER.repeat(around.getOrDefault(factors.name(), 0));
    }

    /** A tensor that is saved whole. */
    String whole(String name) {
        int dot = name.lastIndexOf('.');
        String module = dot < 0 ? "" : name.substring(0, dot);
        int count = wrappers.getOrDefault(module, 0);
        return count == 0 ? name : module + INNER.repeat(count) + name.substring(dot);
    }
}
