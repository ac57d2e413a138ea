package io.amalgam.internal.recipe;

import java.util.List;

/** The settings of an alignment besides its method and its target: keys of a recipe's 'align'. */
public final class AlignmentSettings {
    public static final List<String> NAMES =
            List.of(
                    "permutations",
                    "metric",
                    "solver",
                    "regularization",
                    "rule",
                    "widen",
                    "compare",
                    "activation",
                    "statistics",
                    "to_statistics");

    private AlignmentSettings() {}
}
