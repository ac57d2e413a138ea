package io.amalgam.internal.runs;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.error.Suggestions;
import io.amalgam.internal.recipe.yaml.RecipeReader;
import io.amalgam.recipe.Location;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A recipe's text with places to fill: {@code ${name}}. {@code $${name}} stands for the text {@code
 * ${name}}.
 *
 * @param file as the user named it
 */
public record RecipeTemplate(String file, String text) {
    private static final Pattern PLACE = Pattern.compile("\\$(\\$)?\\{([A-Za-z_][A-Za-z0-9_]*)}");

    /** The names to fill, in the order they first come. */
    public Set<String> names() {
        Set<String> names = new LinkedHashSet<>();
        Matcher place = PLACE.matcher(text);
        while (place.find()) {
            if (place.group(1) == null) {
                names.add(place.group(2));
            }
        }
        return names;
    }

    /** What to do about values that have no place. */
    public static String placesAre(Set<String> places) {
        return places.isEmpty()
                ? "write it where the values are to stand"
                : "the places are '${" + String.join("}', '${", places) + "}'";
    }

    /** The text with other text of the same length in its places, so that it is YAML. */
    public String masked() {
        return PLACE.matcher(text).replaceAll(place -> "x".repeat(place.group().length()));
    }

    /** A problem for each place whose name has no value. */
    public List<Problem> unfilled(Set<String> values) {
        return unfilled(
                values,
                "value",
                name ->
                        "give 'Batch.sweep "
                                + name
                                + "=...', or write '$${"
                                + name
                                + "}' for the text itself");
    }

    /**
     * As {@link #unfilled(Set)}.
     *
     * @param lacking what a place lacks, in a word
     * @param hint what to do about it, by its name
     */
    public List<Problem> unfilled(Set<String> values, String lacking, UnaryOperator<String> hint) {
        List<Problem> problems = new ArrayList<>();
        Matcher place = PLACE.matcher(text);
        while (place.find()) {
            String name = place.group(2);
            if (place.group(1) == null && !values.contains(name)) {
                problems.add(
                        Problem.of("no " + lacking + " for '${" + name + "}'")
                                .at(location(place.start()))
                                .hint(
                                        Suggestions.didYouMean(
                                                name,
                                                // Names of one or two letters are near to all.
                                                name.length() > 2 ? values : Set.of(),
                                                hint.apply(name))));
            }
        }
        return problems;
    }

    /**
     * What is wrong with a template that was given where a recipe is expected.
     *
     * @param hint what to do about a place, by its name
     */
    public BadInputException notSwept(BadInputException e, UnaryOperator<String> hint) {
        List<Problem> problems = new ArrayList<>();
        for (String name : names()) {
            String place = "${" + name + "}";
            problems.add(
                    Problem.of("no value for '" + place + "'")
                            .at(location(text.indexOf(place)))
                            .hint(hint.apply(name)));
        }
        if (problems.isEmpty()) {
            return e;
        }
        boolean sound = isSound();
        e.problems().stream()
                // A place within braces is what makes it so.
                .filter(other -> !(sound && other.what().startsWith("not valid yaml")))
                .filter(
                        other ->
                                names().stream()
                                        .noneMatch(n -> other.toString().contains("${" + n)))
                .forEach(problems::add);
        return new BadInputException(problems, e.warnings());
    }

    /** Whether it is YAML where its places are filled. */
    private boolean isSound() {
        try {
            RecipeReader.requireYaml(masked(), file);
            return true;
        } catch (BadInputException e) {
            return false;
        }
    }

    private Location location(int index) {
        int line = 1;
        int start = 0;
        for (int i = 0; i < index; i++) {
            if (text.charAt(i) == '\n') {
                line++;
                start = i + 1;
            }
        }
        return new Location(file, line, text.codePointCount(start, index) + 1);
    }

    /** The text with every place filled. */
    public String fill(Map<String, String> values) {
        return PLACE.matcher(text)
                .replaceAll(
                        place ->
                                Matcher.quoteReplacement(
                                        place.group(1) != null
                                                ? place.group().substring(1)
                                                : Objects.requireNonNull(
                                                        values.get(place.group(2)))));
    }
}
