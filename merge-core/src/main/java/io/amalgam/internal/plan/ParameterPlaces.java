package io.amalgam.internal.plan;

import io.amalgam.error.Problem;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.ParameterValue;
import io.amalgam.recipe.Parameters;
import io.amalgam.recipe.Recipe;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the place in a recipe of a parameter that a method refuses. Methods see values without
 * places; a problem of a parameter has it for its subject, {@code parameter 'trim'} or {@code
 * parameter 'epsilon' of model 'chat'}.
 */
final class ParameterPlaces {
    private static final Pattern SUBJECT =
            Pattern.compile("parameter '([^']+)'(?: of model '(.+)')?");

    private ParameterPlaces() {}

    /** The place of the value a tensor was merged by; that of the method for other problems. */
    static Location of(Problem problem, OutputTensor slot, Recipe recipe) {
        Matcher subject = SUBJECT.matcher(problem.what());
        if (!subject.matches()) {
            return recipe.methodLocation();
        }
        List<Parameters> levels = new ArrayList<>();
        for (OutputTensor.Part part : slot.parts()) {
            if (part.model().ref.toString().equals(subject.group(2))) {
                levels.add(part.parameters());
            }
        }
        levels.addAll(List.of(slot.slice(), slot.module(), recipe.parameters()));
        return place(subject.group(1), levels, recipe);
    }

    /** As above, where a method looks at all tensors. */
    static Location of(Problem problem, Recipe recipe) {
        Matcher subject = SUBJECT.matcher(problem.what());
        return subject.matches()
                ? place(subject.group(1), List.of(recipe.parameters()), recipe)
                : recipe.methodLocation();
    }

    private static Location place(String name, List<Parameters> levels, Recipe recipe) {
        return levels.stream()
                .flatMap(level -> level.get(name).stream())
                .findFirst()
                .map(ParameterValue::location)
                .orElse(recipe.methodLocation());
    }
}
