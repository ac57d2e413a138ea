package io.amalgam.internal.plan;

import io.amalgam.error.Problem;
import io.amalgam.method.MethodInfo;
import io.amalgam.recipe.ModelEntry;
import io.amalgam.recipe.ModuleSection;
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

/**
 * Warns of parameters that change along the layers of models in which no layers are found: every
 * tensor then has the first value, which is seldom what was meant.
 */
final class LayerlessCheck {
    /** LiNeS' growth from the first layer to the last. */
    private static final String GROWTH = "lines_beta";

    private final MethodInfo method;
    private final List<Problem> warnings = new ArrayList<>();

    private LayerlessCheck(MethodInfo method) {
        this.method = method;
    }

    static List<Problem> warnings(Recipe recipe, MethodInfo method, List<OutputTensor> slots) {
        if (slots.stream().anyMatch(slot -> slot.position() > 0)) {
            return List.of();
        }
        Set<Parameters> levels = new LinkedHashSet<>();
        levels.add(recipe.parameters());
        for (ModuleSection section : recipe.sections()) {
            levels.add(section.parameters());
            section.models().stream().map(ModelEntry::parameters).forEach(levels::add);
        }
        LayerlessCheck check = new LayerlessCheck(method);
        levels.forEach(check::level);
        return check.warnings;
    }

    private void level(Parameters level) {
        for (String name : level.names()) {
            if (method.parameter(name).isEmpty()) {
                continue;
            }
            ParameterValue value = level.get(name).orElseThrow();
            if (name.equals(GROWTH) ? !isZero(value) : changes(value)) {
                warnings.add(
                        Problem.of(
                                        "'"
                                                + name
                                                + "' varies over the layers, but tensor names have no numbered layers")
                                .at(level.location(name))
                                .hint(
                                        name.equals(GROWTH)
                                                ? "it has no effect"
                                                : "all tensors have its first value"));
            }
        }
    }

    private static boolean changes(ParameterValue value) {
        if (value instanceof Filtered filtered) {
            return filtered.entries().stream().anyMatch(entry -> changes(entry.value()));
        }
        return value instanceof Gradient gradient
                && gradient.values().stream().distinct().count() > 1;
    }

    private static boolean isZero(ParameterValue value) {
        return value instanceof Scalar scalar && Scalar.number(scalar.value()).orElse(1) == 0;
    }
}
