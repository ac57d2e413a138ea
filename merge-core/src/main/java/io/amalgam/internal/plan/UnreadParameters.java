package io.amalgam.internal.plan;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.method.MethodInfo;
import io.amalgam.method.ParameterSpec;
import io.amalgam.method.ParameterSpec.Condition;
import io.amalgam.recipe.ModuleSection;
import io.amalgam.recipe.OutputSlice;
import io.amalgam.recipe.ParameterValue;
import io.amalgam.recipe.ParameterValue.Filtered;
import io.amalgam.recipe.ParameterValue.Gradient;
import io.amalgam.recipe.ParameterValue.Scalar;
import io.amalgam.recipe.Parameters;
import io.amalgam.recipe.Recipe;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** Parameters that a recipe sets and no tensor reads: another one has the wrong value for them. */
final class UnreadParameters {
    private final MethodInfo method;
    private final List<Parameters> levels = new ArrayList<>();

    private UnreadParameters(MethodInfo method, Recipe recipe) {
        this.method = method;
        levels.add(recipe.parameters());
        for (ModuleSection section : recipe.sections()) {
            levels.add(section.parameters());
            section.models().forEach(entry -> levels.add(entry.parameters()));
            for (OutputSlice slice : section.slices()) {
                levels.add(slice.parameters());
                slice.sources().forEach(source -> levels.add(source.parameters()));
            }
        }
    }

    /** A warning for each place of such a parameter. */
    static List<Problem> of(MethodInfo method, Recipe recipe) {
        return new UnreadParameters(method, recipe).warnings();
    }

    private List<Problem> warnings() {
        List<Problem> warnings = new ArrayList<>();
        for (ParameterSpec spec : method.parameters()) {
            if (spec.condition().isPresent()) {
                Condition condition = spec.condition().get();
                Set<String> values = values(condition.parameter());
                if (!values.contains(condition.value())) {
                    warnings.addAll(warnings(spec, condition, values));
                }
            }
        }
        return warnings;
    }

    private List<Problem> warnings(ParameterSpec spec, Condition condition, Set<String> values) {
        String is = condition.parameter() + ": " + String.join(" or ", values);
        return levels.stream()
                .filter(
                        level ->
                                level.get(spec.name()).filter(v -> !isDefault(spec, v)).isPresent())
                .map(
                        level ->
                                Problem.of(
                                                "parameter '%s' has no effect with '%s'"
                                                        .formatted(spec.name(), is))
                                        .at(level.location(spec.name()))
                                        .hint(
                                                "it is read with '%s': set that, or leave it out"
                                                        .formatted(condition)))
                .toList();
    }

    /** Recipes that spell out every default are as good as others. */
    private static boolean isDefault(ParameterSpec spec, ParameterValue value) {
        Set<String> values = new LinkedHashSet<>();
        collect(spec, value, values);
        return spec.defaultValue().filter(d -> values.equals(Set.of(d.toString()))).isPresent();
    }

    /** All values that a parameter may have for a tensor. */
    private Set<String> values(String name) {
        ParameterSpec spec = method.parameter(name).orElseThrow();
        Set<String> values = new LinkedHashSet<>();
        for (Parameters level : levels) {
            level.get(name).ifPresent(value -> collect(spec, value, values));
        }
        if (levels.get(0).get(name).isEmpty()) {
            spec.defaultValue().ifPresent(value -> values.add(value.toString()));
        }
        return values;
    }

    private static void collect(ParameterSpec spec, ParameterValue value, Set<String> values) {
        if (value instanceof Filtered filtered) {
            filtered.entries().forEach(entry -> collect(spec, entry.value(), values));
        } else if (value instanceof Gradient gradient) {
            gradient.values().forEach(each -> add(spec, each, values));
        } else if (value instanceof Scalar scalar) {
            add(spec, scalar.value(), values);
        }
    }

    /** A value of another type is reported where values are checked. */
    private static void add(ParameterSpec spec, Object value, Set<String> values) {
        try {
            values.add(ParameterSpec.coerce(spec, value).toString());
        } catch (BadInputException e) {
            values.add(value.toString());
        }
    }
}
