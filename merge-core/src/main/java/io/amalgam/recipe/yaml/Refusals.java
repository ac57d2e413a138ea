package io.amalgam.recipe.yaml;

import io.amalgam.error.Problem;
import java.util.List;
import java.util.Map;

/**
 * Combinations of top-level keys that are wrong, and keys that are known and cannot be followed.
 */
final class Refusals {
    private static final List<String> SUBJECTS = List.of("models", "slices", "modules");

    private static final String ADD_MODELS = "add 'models', the list of models to merge";

    private static final Map<String, String> NOT_YET =
            Map.of("modules", "use 'models': it merges all of a model's tensors");

    private Refusals() {}

    static void check(Fields recipe, Findings findings) {
        subjects(recipe, findings);
        for (Map.Entry<String, String> refused : NOT_YET.entrySet()) {
            String key = refused.getKey();
            if (recipe.get(key).isPresent()) {
                findings.error(
                        recipe.key(key),
                        Problem.of("'" + key + "' is not supported by this version yet")
                                .hint(refused.getValue()));
            }
        }
    }

    private static void subjects(Fields recipe, Findings findings) {
        List<String> given = SUBJECTS.stream().filter(key -> recipe.get(key).isPresent()).toList();
        String what = "one of 'models', 'slices', 'modules'";
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
