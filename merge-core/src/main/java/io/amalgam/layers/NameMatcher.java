package io.amalgam.layers;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Finds a tensor in a checkpoint that writes names a little differently: saved with or without the
 * outer model's prefix, or with the old names of layer norms' parameters.
 */
public final class NameMatcher {
    private static final List<String> OUTER =
            List.of(
                    "model.",
                    "transformer.",
                    "bert.",
                    "roberta.",
                    "distilbert.",
                    "electra.",
                    "albert.",
                    "deberta.",
                    "vit.",
                    "gpt_neox.",
                    "backbone.");

    private final Set<String> names;

    public NameMatcher(Set<String> names) {
        this.names = names;
    }

    /** The checkpoint's name for {@code wanted}: itself, or the one other spelling that exists. */
    public Optional<String> find(String wanted) {
        if (names.contains(wanted)) {
            return Optional.of(wanted);
        }
        String found = null;
        for (String spelling : List.of(wanted, otherNorm(wanted))) {
            for (String outer : OUTER) {
                String without =
                        spelling.startsWith(outer) ? spelling.substring(outer.length()) : spelling;
                for (String candidate : List.of(without, outer + spelling)) {
                    if (names.contains(candidate)) {
                        if (found != null && !found.equals(candidate)) {
                            return Optional.empty();
                        }
                        found = candidate;
                    }
                }
            }
        }
        return Optional.ofNullable(found);
    }

    private static String otherNorm(String name) {
        if (name.endsWith("LayerNorm.weight")) {
            return name.replaceFirst("weight$", "gamma");
        }
        if (name.endsWith("LayerNorm.bias")) {
            return name.replaceFirst("bias$", "beta");
        }
        return name.replaceFirst("LayerNorm\\.gamma$", "LayerNorm.weight")
                .replaceFirst("LayerNorm\\.beta$", "LayerNorm.bias");
    }
}
