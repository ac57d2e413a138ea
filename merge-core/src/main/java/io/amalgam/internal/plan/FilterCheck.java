package io.amalgam.internal.plan;

import io.amalgam.error.Problem;
import io.amalgam.error.Suggestions;
import io.amalgam.internal.method.matrix.MatrixLayout;
import io.amalgam.internal.method.matrix.MatrixParameters;
import io.amalgam.method.MethodInfo;
import io.amalgam.recipe.ModelEntry;
import io.amalgam.recipe.ModuleSection;
import io.amalgam.recipe.OutputSlice;
import io.amalgam.recipe.OutputSlice.LayerSource;
import io.amalgam.recipe.ParameterValue;
import io.amalgam.recipe.ParameterValue.Filtered;
import io.amalgam.recipe.ParameterValue.Gradient;
import io.amalgam.recipe.ParameterValue.Scalar;
import io.amalgam.recipe.Parameters;
import io.amalgam.recipe.Recipe;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Warns of filters whose values are used nowhere: they fit no tensor, or come too late for any. */
final class FilterCheck {
    private final Set<String> names = new LinkedHashSet<>();
    private final Set<String> outputs = new LinkedHashSet<>();
    private final Set<Problem> warnings = new LinkedHashSet<>();

    private FilterCheck(List<OutputTensor> slots) {
        for (OutputTensor slot : slots) {
            names.add(slot.name());
            outputs.add(slot.name());
            slot.parts().forEach(part -> part.tensor().ifPresent(names::add));
        }
    }

    static List<Problem> warnings(Recipe recipe, MethodInfo method, List<OutputTensor> slots) {
        FilterCheck check = new FilterCheck(slots);
        for (Parameters level : levels(recipe)) {
            for (String name : level.names()) {
                if (method.parameter(name).isPresent()
                        && level.get(name).orElseThrow() instanceof Filtered filtered) {
                    check.entries(name, filtered.entries());
                }
                if (MatrixParameters.ofNames().contains(name)
                        && method.parameter(name).isPresent()) {
                    check.parts(name, level.get(name).orElseThrow());
                }
            }
        }
        return List.copyOf(check.warnings);
    }

    private static Set<Parameters> levels(Recipe recipe) {
        Set<Parameters> levels = new LinkedHashSet<>();
        levels.add(recipe.parameters());
        for (ModuleSection section : recipe.sections()) {
            levels.add(section.parameters());
            section.models().stream().map(ModelEntry::parameters).forEach(levels::add);
            for (OutputSlice slice : section.slices()) {
                levels.add(slice.parameters());
                slice.sources().stream().map(LayerSource::parameters).forEach(levels::add);
            }
        }
        return levels;
    }

    /** The first entry that fits a tensor is the one that counts. */
    private void entries(String parameter, List<Filtered.Entry> entries) {
        Set<String> left = new LinkedHashSet<>(names);
        Optional<Filtered.Entry> general = Optional.empty();
        for (Filtered.Entry entry : entries) {
            List<String> fitting = names.stream().filter(entry::fits).toList();
            if (fitting.isEmpty()) {
                fitsNothing(parameter, entry);
            } else if (general.isPresent()) {
                never(parameter, entry, "the entry before it is for all tensors");
            } else if (entry.isFiltered() && left.stream().noneMatch(entry::fits)) {
                never(parameter, entry, "earlier entries match all its tensors");
            }
            fitting.forEach(left::remove);
            general = general.or(() -> Optional.of(entry).filter(e -> !e.isFiltered()));
        }
    }

    /** Parts of names, each of which should be in one. */
    private void parts(String parameter, ParameterValue value) {
        if (value instanceof Filtered filtered) {
            filtered.entries().forEach(entry -> parts(parameter, entry.value()));
            return;
        }
        List<String> written =
                value instanceof Gradient list
                        ? list.values().stream().map(String::valueOf).toList()
                        : MatrixLayout.names(String.valueOf(((Scalar) value).value()));
        for (String part : written) {
            if (outputs.stream().noneMatch(name -> name.contains(part))) {
                warnings.add(
                        Problem.of(
                                        "'"
                                                + part
                                                + "' of parameter '"
                                                + parameter
                                                + "' is in no tensor's name")
                                .at(value.location())
                                .hint(didYouMean(part)));
            }
        }
    }

    private String didYouMean(String part) {
        return Suggestions.didYouMean(
                part,
                parts(part),
                "write a part of a tensor's name, as in '"
                        + names.stream().findFirst().orElse("")
                        + "'");
    }

    private void never(String parameter, Filtered.Entry entry, String reason) {
        String which =
                entry.filter().isPresent()
                        ? "filter '" + entry.filter().get() + "' of parameter '" + parameter + "'"
                        : "an entry of parameter '" + parameter + "'";
        warnings.add(
                Problem.of(which + " never applies: " + reason)
                        .at(entry.location())
                        .hint("the first matching entry counts: put the narrower one first"));
    }

    private void fitsNothing(String parameter, Filtered.Entry entry) {
        String filter = entry.filter().orElse("*");
        warnings.add(
                Problem.of(
                                "filter '"
                                        + filter
                                        + "' of parameter '"
                                        + parameter
                                        + "' matches no tensor")
                        .at(entry.location())
                        .hint(didYouMean(filter)));
    }

    /** Stretches of names with as many dots as the filter has. */
    private Set<String> parts(String filter) {
        int length = filter.split("\\.", -1).length;
        Set<String> parts = new LinkedHashSet<>();
        for (String name : names) {
            List<String> words = new ArrayList<>(Arrays.asList(name.split("\\.", -1)));
            for (int i = 0; i + length <= words.size(); i++) {
                parts.add(String.join(".", words.subList(i, i + length)));
            }
        }
        return parts;
    }
}
