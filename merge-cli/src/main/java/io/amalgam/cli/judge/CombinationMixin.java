package io.amalgam.cli.judge;

import io.amalgam.internal.runs.Combination;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** How figures on several texts become one. */
final class CombinationMixin {
    @Option(
            names = "--combine",
            paramLabel = "KIND",
            description = "Of several texts, the mean of their losses or the worst. Default: mean.")
    private String kind = "mean";

    @Option(
            names = "--text-weight",
            paramLabel = "NAME=W",
            description = "Weight of a text in the mean; others have 1. Repeatable.")
    private List<String> weights = List.of();

    Optional<String> complaint(List<String> names) {
        if (names.isEmpty() && !weights.isEmpty()) {
            return Optional.of("option '--text-weight' is for '--text'");
        }
        if (!kind.equals("mean") && !kind.equals("worst")) {
            return Optional.of("option '--combine': expected mean or worst, got '" + kind + "'");
        }
        if (kind.equals("worst") && !weights.isEmpty()) {
            return Optional.of("option '--text-weight' is for the mean");
        }
        double sum = 0;
        for (String text : weights) {
            int equals = text.lastIndexOf('=');
            double weight = number(text.substring(equals + 1));
            if (equals < 1 || !(weight >= 0) || Double.isInfinite(weight)) {
                return Optional.of(
                        "option '--text-weight': expected NAME=W with W of 0 or more, got '"
                                + text
                                + "'");
            }
            if (!names.contains(text.substring(0, equals))) {
                return Optional.of(
                        "option '--text-weight': expected the name of a text ("
                                + String.join(", ", names)
                                + "), got '"
                                + text.substring(0, equals)
                                + "'");
            }
            sum += weight;
        }
        boolean all = parsed().keySet().containsAll(names);
        return all && sum == 0 && !weights.isEmpty()
                ? Optional.of("option '--text-weight': expected a weight above 0, got only 0")
                : Optional.empty();
    }

    private static double number(String text) {
        try {
            return Double.parseDouble(text);
        } catch (NumberFormatException e) {
            return Double.NaN;
        }
    }

    private Map<String, Double> parsed() {
        Map<String, Double> parsed = new HashMap<>();
        for (String text : weights) {
            int equals = text.lastIndexOf('=');
            parsed.put(text.substring(0, equals), number(text.substring(equals + 1)));
        }
        return parsed;
    }

    Combination combination() {
        return new Combination(kind.equals("worst"), parsed());
    }
}
