package io.amalgam.internal.recipe.yaml;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.recipe.Location;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.nodes.Node;

/** Errors and warnings of a recipe, each reported once, in the order of the text. */
final class RecipeProblems {
    private static final Pattern LINE_ENDS = Pattern.compile("[\\p{Cntrl}\\u0085\\u2028\\u2029]");

    private final String file;
    private final boolean strict;
    private final Set<Finding> errors = new LinkedHashSet<>();
    private final Set<Finding> warnings = new LinkedHashSet<>();

    private record Finding(Location location, Problem problem) {}

    RecipeProblems(String file, ReadOptions options) {
        this.file = file;
        this.strict = options.strict();
    }

    String file() {
        return file;
    }

    Location at(Node node) {
        return at(node.getStartMark());
    }

    Location at(Mark mark) {
        return new Location(file, mark.getLine() + 1, mark.getColumn() + 1);
    }

    void error(Location location, Problem problem) {
        errors.add(finding(location, problem));
    }

    void error(Node node, Problem problem) {
        error(at(node), problem);
    }

    void warning(Node node, Problem problem) {
        warnings.add(finding(at(node), problem));
    }

    void unknownKey(Node node, Problem problem) {
        if (strict) {
            error(node, problem);
        } else {
            warning(node, problem);
        }
    }

    private static Finding finding(Location location, Problem problem) {
        Problem line =
                new Problem(
                        oneLine(problem.what()),
                        oneLine(problem.expected()),
                        oneLine(problem.found()),
                        location.toString(),
                        oneLine(problem.hint()),
                        problem.kind());
        return new Finding(location, line);
    }

    /** Quoted keys and values may hold line ends; a message may not. */
    private static String oneLine(String text) {
        return LINE_ENDS.matcher(text).replaceAll(" ");
    }

    List<Problem> warnings() {
        return sorted(warnings);
    }

    void throwIfAny() {
        if (!errors.isEmpty()) {
            throw failure();
        }
    }

    /** Ends the reading at once: nothing after this could be made sense of. */
    BadInputException fatal(Location location, Problem problem) {
        error(location, problem);
        return failure();
    }

    private BadInputException failure() {
        return new BadInputException(sorted(errors), sorted(warnings));
    }

    private static List<Problem> sorted(Set<Finding> findings) {
        Comparator<Finding> byLine = Comparator.comparingInt(f -> f.location().line());
        return findings.stream()
                .sorted(byLine.thenComparingInt(f -> f.location().column()))
                .map(Finding::problem)
                .toList();
    }
}
