package io.amalgam.internal.formats.peft;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Assigns pairs of factors to parameters of a module. PEFT wraps a module once for every parameter
 * that {@code target_parameters} names, in the order the module has them: the pair with the most
 * {@code base_layer} before it is the first's.
 *
 * @param targets as the settings have them: {@code mlp.experts.gate_up_proj}, {@code down_proj}
 */
record TargetParameters(List<String> targets) {
    private static final String NESTED = ".base_layer.";

    /** The order in which modules have their parameters. */
    private static final List<String> ORDER =
            List.of(
                    "gate_up_proj",
                    "gate_up_proj_bias",
                    "gate_proj",
                    "up_proj",
                    "up_proj_bias",
                    "down_proj",
                    "down_proj_bias");

    TargetParameters {
        targets = List.copyOf(targets);
    }

    /** How deep a factor is: how often its module is wrapped outside of it. */
    static int depth(String tensor) {
        int depth = 0;
        int at = tensor.indexOf(NESTED);
        while (at >= 0) {
            depth++;
            at = tensor.indexOf(NESTED, at + NESTED.length() - 1);
        }
        return depth;
    }

    /**
     * The parameters of a module that is wrapped so often, the outermost first; empty where that
     * cannot be told.
     */
    Optional<List<String>> of(String module, int pairs) {
        List<String> named = new ArrayList<>();
        List<String> everywhere = new ArrayList<>();
        for (String target : targets) {
            int dot = target.lastIndexOf('.');
            if (dot < 0) {
                everywhere.add(target);
            } else if (("." + module).endsWith("." + target.substring(0, dot))) {
                named.add(target.substring(dot + 1));
            }
        }
        List<String> own = new ArrayList<>(named);
        if (named.size() != pairs) {
            own.addAll(everywhere);
        }
        List<String> ordered = new ArrayList<>(own.stream().distinct().toList());
        if (ordered.size() != pairs || (pairs > 1 && !ORDER.containsAll(ordered))) {
            return Optional.empty();
        }
        ordered.sort((a, b) -> Integer.compare(ORDER.indexOf(b), ORDER.indexOf(a)));
        return Optional.of(ordered);
    }
}
