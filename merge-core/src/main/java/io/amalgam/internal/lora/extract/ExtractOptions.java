package io.amalgam.internal.lora.extract;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Options to extract an adapter from a fine-tuned model.
 *
 * @param rank the largest rank of a module; empty for no limit but that factors be smaller than the
 *     matrix
 * @param energy the share of each change's squared norm to keep, as few singular values as will do;
 *     empty for the full rank
 * @param include modules to factor, by patterns found in their names; empty for all
 * @param exclude modules to leave out
 * @param skipRest whether what cannot be factored is left out, not saved whole
 * @param transposed whether matrices are stored as {@code in x out}
 */
public record ExtractOptions(
        Optional<Integer> rank,
        Optional<Double> energy,
        List<Pattern> include,
        List<Pattern> exclude,
        boolean skipRest,
        boolean transposed) {
    public ExtractOptions {
        include = List.copyOf(include);
        exclude = List.copyOf(exclude);
    }

    public static ExtractOptions ofRank(int rank) {
        return new ExtractOptions(
                Optional.of(rank), Optional.empty(), List.of(), List.of(), false, false);
    }

    public static ExtractOptions ofEnergy(double energy) {
        return new ExtractOptions(
                Optional.empty(), Optional.of(energy), List.of(), List.of(), false, false);
    }

    /** Whether a module's name is wanted. */
    public boolean wants(String module) {
        return (include.isEmpty() || found(include, module)) && !found(exclude, module);
    }

    private static boolean found(List<Pattern> patterns, String module) {
        return patterns.stream().anyMatch(pattern -> pattern.matcher(module).find());
    }
}
