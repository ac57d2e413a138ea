package io.amalgam.internal.search;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.recipe.SearchRange;
import io.amalgam.internal.recipe.yaml.SearchReader;
import io.amalgam.internal.runs.RecipeTemplate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A recipe with places, and the ranges of what goes into them.
 *
 * @param template without the ranges; its lines are where they were
 * @param plain without the lines of the ranges
 */
public record SearchRecipe(
        RecipeTemplate template, RecipeTemplate plain, List<SearchRange> ranges) {
    /** Behind every line end. */
    private static final Pattern LINES = Pattern.compile("(?<=\n)|(?<=\r)(?!\n)");

    public SearchRecipe {
        ranges = List.copyOf(ranges);
    }

    /**
     * Reads a recipe with its key {@code search}.
     *
     * @param file for messages
     * @throws BadInputException with all problems of places and ranges
     */
    public static SearchRecipe read(String file, String text) {
        RecipeTemplate whole = new RecipeTemplate(file, text);
        SearchReader.Section section = SearchReader.read(whole.masked(), file);
        if (section.ranges().isEmpty()) {
            throw new BadInputException(
                    Problem.expected("'search'", "names with ranges", "none")
                            .at(file)
                            .hint(
                                    "add lines such as 'search: {scale: [0, 1]}', with '${scale}' where the number goes"));
        }
        String[] lines = LINES.split(text, -1);
        StringBuilder blank = new StringBuilder();
        StringBuilder plain = new StringBuilder();
        for (int i = 0; i < lines.length; i++) {
            boolean ranges = section.lines().contains(i);
            blank.append(ranges ? lines[i].replaceAll("[^\r\n]", "") : lines[i]);
            plain.append(ranges ? "" : lines[i]);
        }
        SearchRecipe recipe =
                new SearchRecipe(
                        new RecipeTemplate(file, blank.toString()),
                        new RecipeTemplate(file, plain.toString()),
                        section.ranges());
        recipe.check();
        return recipe;
    }

    private void check() {
        Set<String> named = new LinkedHashSet<>();
        ranges.forEach(range -> named.add(range.name()));
        List<Problem> problems =
                new ArrayList<>(
                        template.unfilled(
                                named,
                                "range",
                                name ->
                                        "add '"
                                                + name
                                                + ": [0, 1]' below 'search:', or write '$${"
                                                + name
                                                + "}' for the text itself"));
        Set<String> places = template.names();
        for (SearchRange range : ranges) {
            if (!places.contains(range.name())) {
                problems.add(
                        Problem.of(
                                        "range '"
                                                + range.name()
                                                + "' has no place '${"
                                                + range.name()
                                                + "}' in the recipe")
                                .at(range.location())
                                .hint(RecipeTemplate.placesAre(places)));
            }
        }
        if (!problems.isEmpty()) {
            throw new BadInputException(problems);
        }
    }

    /** The values at a point, in the order of the ranges. */
    Map<String, String> values(double[] point) {
        Map<String, String> values = new LinkedHashMap<>();
        for (int i = 0; i < point.length; i++) {
            values.put(ranges.get(i).name(), ranges.get(i).at(point[i]));
        }
        return values;
    }

    /** The text of the first candidate. */
    public String first() {
        return template.fill(values(start()));
    }

    double[] start() {
        return ranges.stream().mapToDouble(SearchRange::start).toArray();
    }

    /** The number of candidates there can be; infinite where a range is of any numbers. */
    double candidates() {
        return ranges.stream()
                .mapToDouble(
                        range ->
                                range.count().isPresent()
                                        ? range.count().getAsLong()
                                        : Double.POSITIVE_INFINITY)
                .reduce(1, (a, b) -> a * b);
    }
}
