package io.amalgam.recipe;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.recipe.ModelRef.AdapterRef;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** References to models and adapters as text. */
final class ReferenceText {
    private ReferenceText() {}

    /** {@code path[@revision]}, then any number of {@code +lora[@revision][:weight]}. */
    static ModelRef model(String text, Location location) {
        String[] parts = text.split("\\+", -1);
        String[] model = pathAndRevision(parts[0], text, location);
        List<AdapterRef> adapters = new ArrayList<>();
        for (String part : Arrays.asList(parts).subList(1, parts.length)) {
            adapters.add(adapter(part, text, location));
        }
        return new ModelRef(model[0], part(model, 1), adapters, Optional.empty(), location);
    }

    /** {@code path[@revision]}, with {@code +} as part of the path. */
    static ModelRef path(String text, Location location) {
        String[] model = pathAndRevision(text, text, location);
        return new ModelRef(model[0], part(model, 1), List.of(), Optional.empty(), location);
    }

    /**
     * {@code path[@revision][:weight]}.
     *
     * @param text the whole reference, for messages
     */
    static AdapterRef adapter(String part, String text, Location location) {
        String[] weighed = AdapterRef.split(part);
        String[] path = pathAndRevision(weighed[0], text, location);
        double weight = weighed[1].isEmpty() ? 1 : Double.parseDouble(weighed[1].substring(1));
        return new AdapterRef(path[0], part(path, 1), weight, weighed[1]);
    }

    /** Splits {@code path[@revision]}: one or two strings, none empty. */
    private static String[] pathAndRevision(String part, String text, Location location) {
        String[] split = part.split("@", -1);
        if (split.length > 2) {
            throw bad(
                    text, "at most one '@' in a path", String.valueOf(split.length - 1), location);
        }
        if (split[0].isEmpty()) {
            throw bad(text, "a path", "nothing", location);
        }
        if (split.length == 2 && split[1].isEmpty()) {
            throw bad(text, "a revision after '@'", "nothing", location);
        }
        return split;
    }

    private static Optional<String> part(String[] parts, int index) {
        return index < parts.length ? Optional.of(parts[index]) : Optional.empty();
    }

    private static BadInputException bad(
            String text, String expected, String found, Location location) {
        Problem problem =
                Problem.expected("model reference '" + text + "'", expected, found).at(location);
        boolean literal = text.contains("+") || text.contains("@");
        return new BadInputException(literal ? problem.hint(literalForm(text)) : problem);
    }

    static String literalForm(String path) {
        return "if this is a path as it stands, write the model as {model: {path: '"
                + path.replace("'", "''")
                + "'}}";
    }
}
