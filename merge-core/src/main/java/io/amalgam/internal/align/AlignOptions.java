package io.amalgam.internal.align;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.error.Suggestions;
import io.amalgam.internal.align.Distances.Metric;
import io.amalgam.internal.recipe.AlignmentSettings;
import io.amalgam.recipe.ModelRef.Alignment;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * The settings of an alignment.
 *
 * @param permutations a file with them, so that none are searched
 * @param statistics a file of the model's activations
 * @param toStatistics a file of the target's
 * @param regularization of Sinkhorn's plan; empty for the exact one
 * @param pearson whether activations are compared by correlation, else by inner products
 * @param nonlinearity between outputs of a layer and what the next one reads
 * @param identity all of them as text
 */
record AlignOptions(
        AlignMethod method,
        Optional<String> permutations,
        Optional<String> statistics,
        Optional<String> toStatistics,
        Metric metric,
        OptionalDouble regularization,
        Rule rule,
        Optional<Widen> widen,
        boolean pearson,
        Nonlinearity nonlinearity,
        String identity) {
    /** What readers of units get where widths differ. */
    enum Rule {
        /** What a unit sent is shared out, so that an exact widening computes the same. */
        FUNCTION,
        /** As for what writes units, as in the paper. */
        PAPER
    }

    /** How a narrow model is made wide before it is matched. */
    enum Widen {
        COPIES,
        ZEROS
    }

    private enum Solver {
        EXACT,
        SINKHORN
    }

    private enum Compare {
        PEARSON,
        PRODUCT
    }

    private static final double REGULARIZATION = 0.005;

    static AlignOptions of(Alignment alignment) {
        Map<String, String> given = alignment.settings();
        refuseUnknown(given, alignment);
        AlignMethod method =
                one("method", Optional.of(alignment.method()), AlignMethod.class, alignment)
                        .orElseThrow();
        boolean sinkhorn =
                one("solver", get(given, "solver"), Solver.class, alignment)
                        .filter(s -> s == Solver.SINKHORN)
                        .isPresent();
        Optional<String> amount = get(given, "regularization");
        double regularization =
                amount.map(text -> positive(text, alignment)).orElse(REGULARIZATION);
        if (amount.isPresent() && !sinkhorn) {
            throw wrong(
                            "setting 'regularization'",
                            "'solver: sinkhorn'",
                            "an exact solver",
                            alignment)
                    .hinted("name the solver, or leave it out");
        }
        Optional<String> statistics = get(given, "statistics");
        Optional<String> toStatistics = get(given, "to_statistics");
        boolean needed = method == AlignMethod.ACTIVATION_MATCHING;
        if (statistics.isPresent() != toStatistics.isPresent()
                || (needed && statistics.isEmpty())) {
            throw wrong(
                            "activations of an alignment",
                            "files of both models, 'statistics' and 'to_statistics'",
                            statistics.isPresent() || toStatistics.isPresent() ? "one" : "none",
                            alignment)
                    .hinted("docs/alignment.md says what is in them");
        }
        refuseForeign(given, method, alignment);
        return new AlignOptions(
                method,
                get(given, "permutations"),
                statistics,
                toStatistics,
                one("metric", get(given, "metric"), Metric.class, alignment)
                        .orElse(Metric.EUCLIDEAN),
                sinkhorn ? OptionalDouble.of(regularization) : OptionalDouble.empty(),
                one("rule", get(given, "rule"), Rule.class, alignment).orElse(Rule.FUNCTION),
                one("widen", get(given, "widen"), Widen.class, alignment),
                one("compare", get(given, "compare"), Compare.class, alignment)
                        .filter(c -> c == Compare.PRODUCT)
                        .isEmpty(),
                one("activation", get(given, "activation"), Nonlinearity.class, alignment)
                        .orElse(Nonlinearity.NONE),
                method.text() + given);
    }

    private static final Map<String, List<AlignMethod>> OWN =
            Map.of(
                    "metric", List.of(AlignMethod.OT),
                    "solver", List.of(AlignMethod.OT),
                    "rule", List.of(AlignMethod.OT),
                    "widen", List.of(AlignMethod.WEIGHT_MATCHING),
                    "compare", List.of(AlignMethod.ACTIVATION_MATCHING),
                    "activation", List.of(AlignMethod.ACTIVATION_MATCHING),
                    "statistics", List.of(AlignMethod.OT, AlignMethod.ACTIVATION_MATCHING));

    /** Of an alignment that is given, these say how the model is read. */
    private static final Set<String> WITH_PERMUTATIONS = Set.of("permutations", "rule", "widen");

    private static void refuseUnknown(Map<String, String> given, Alignment alignment) {
        for (String key : given.keySet()) {
            if (!AlignmentSettings.NAMES.contains(key)) {
                throw wrong(
                                "setting of an alignment",
                                "one of " + String.join(", ", AlignmentSettings.NAMES),
                                "'" + key + "'",
                                alignment)
                        .hinted("docs/alignment.md has the settings of each method");
            }
            if (given.containsKey("permutations") && !WITH_PERMUTATIONS.contains(key)) {
                throw wrong(
                                "setting '" + key + "' of an alignment",
                                "a search",
                                "'permutations'",
                                alignment)
                        .hinted("leave out one of the two");
            }
        }
    }

    private static void refuseForeign(
            Map<String, String> given, AlignMethod method, Alignment alignment) {
        for (String key : given.keySet()) {
            List<AlignMethod> having = OWN.getOrDefault(key, List.of(method));
            if (!having.contains(method) && !given.containsKey("permutations")) {
                throw wrong(
                                "setting '" + key + "' of an alignment",
                                "'method: " + having.get(0).text() + "'",
                                "'" + method.text() + "'",
                                alignment)
                        .hinted("leave it out, or choose the method that has it");
            }
        }
    }

    private static Optional<String> get(Map<String, String> given, String key) {
        return Optional.ofNullable(given.get(key));
    }

    private static double positive(String text, Alignment alignment) {
        try {
            double value = Double.parseDouble(text);
            if (value > 0 && value <= 1) {
                return value;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw wrong(
                        "'regularization' of an alignment",
                        "a number above 0, up to 1",
                        "'" + text + "'",
                        alignment)
                .hinted("it is a share of the largest cost; 0.005 is nearly exact");
    }

    private static <T extends Enum<T>> Optional<T> one(
            String key, Optional<String> text, Class<T> type, Alignment alignment) {
        if (text.isEmpty()) {
            return Optional.empty();
        }
        List<String> names =
                Arrays.stream(type.getEnumConstants())
                        .map(value -> value.name().toLowerCase(Locale.ROOT))
                        .toList();
        int at = names.indexOf(text.get());
        if (at >= 0) {
            return Optional.of(type.getEnumConstants()[at]);
        }
        throw wrong(
                        "'" + key + "' of an alignment",
                        "one of " + String.join(", ", names),
                        "'" + text.get() + "'",
                        alignment)
                .hinted(
                        Suggestions.nearest(text.get(), names)
                                .map(near -> "did you mean '" + near + "'?")
                                .orElse("choose one"));
    }

    private static Wrong wrong(String what, String expected, String got, Alignment alignment) {
        return new Wrong(Problem.expected(what, expected, got).at(alignment.location()));
    }

    private record Wrong(Problem problem) {
        BadInputException hinted(String hint) {
            return new BadInputException(problem.hint(hint));
        }
    }
}
