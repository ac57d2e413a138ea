package io.amalgam.internal.engine;

import io.amalgam.internal.method.builtin.BuiltInMethods;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Recipes of every method of the registry, made from what the methods say of themselves. */
final class EveryMethod {
    private static final List<String> MODELS = List.of("one", "two", "three");

    private EveryMethod() {}

    static Stream<MethodInfo> all() {
        return BuiltInMethods.all().stream().map(method -> method.info());
    }

    /** As many of the models as a method takes, three at most. */
    static List<String> models(MethodInfo method) {
        return MODELS.subList(0, Math.max(method.minModels(), Math.min(3, method.maxModels())));
    }

    /** A recipe of a base, if the method needs one, and these models. */
    static String recipe(MethodInfo method, List<String> models) {
        return recipe(method, models, Map.of(), Map.of());
    }

    /**
     * @param shared values of parameters, those of models for all of them
     * @param last values of the last model alone
     */
    static String recipe(
            MethodInfo method,
            List<String> models,
            Map<String, Object> shared,
            Map<String, Object> last) {
        StringBuilder text = new StringBuilder("merge_method: " + method.name() + "\n");
        if (method.base() == MethodInfo.Base.REQUIRED) {
            text.append("base_model: base\n");
        }
        text.append("models:\n");
        for (int m = 0; m < models.size(); m++) {
            Map<String, Object> values = new LinkedHashMap<>(needed(method));
            values.putAll(m == models.size() - 1 ? last : Map.of());
            if (m == 0 && method.parameter("merged").isPresent()) {
                values.put("merged", true);
            }
            text.append("  - {model: ").append(models.get(m));
            text.append(", parameters: ").append(flow(values)).append("}\n");
        }
        Map<String, Object> all = new LinkedHashMap<>();
        for (ParameterSpec spec : method.parameters(ParameterSpec.Scope.SHARED)) {
            if (spec.required()) {
                all.put(spec.name(), spec.kind() == ParameterSpec.Kind.INTEGER ? 1 : 0.5);
            }
        }
        all.putAll(shared);
        return text + "parameters: " + flow(all) + "\ndtype: float32\n";
    }

    /** What each model must have: a weight where there is no default, examples for clients. */
    private static Map<String, Object> needed(MethodInfo method) {
        Map<String, Object> values = new LinkedHashMap<>();
        for (ParameterSpec spec : method.parameters(ParameterSpec.Scope.PER_MODEL)) {
            if (spec.name().equals("examples")) {
                values.put(spec.name(), 10);
            } else if (spec.required()) {
                values.put(spec.name(), 0.5);
            }
        }
        return values;
    }

    private static String flow(Map<String, Object> values) {
        List<String> items = new ArrayList<>();
        values.forEach((name, value) -> items.add(name + ": " + value));
        return "{" + String.join(", ", items) + "}";
    }
}
