package io.amalgam.internal.recipe.yaml;

import io.amalgam.error.Problem;
import java.util.List;

/** Checks that a recipe has one of the keys for its inputs. */
final class MergeInputs {
    private static final List<String> KEYS = List.of("models", "slices", "modules");

    private static final String ADD_MODELS = "add 'models', the list of models to merge";

    private MergeInputs() {}

    static void check(Fields recipe, RecipeProblems findings) {
        List<String> given = KEYS.stream().filter(key -> recipe.get(key).isPresent()).toList();
        String what = "one of 'models', 'slices', 'modules'";
        if (given.isEmpty() && KEYS.stream().anyMatch(recipe::isMisspelt)) {
            return; // Said where it is written.
        }
        if (given.isEmpty()) {
            findings.error(
                    recipe.node(),
                    Problem.expected(what, "exactly one", "none")
                            .hint(
                                    recipe.misspelt(
                                            "models", recipe.misspelt("slices", ADD_MODELS))));
        } else if (given.size() > 1) {
            findings.error(
                    recipe.key(given.get(1)),
                    Problem.expected(what, "exactly one", "'" + String.join("', '", given) + "'")
                            .hint("keep one of them"));
        }
    }
}
