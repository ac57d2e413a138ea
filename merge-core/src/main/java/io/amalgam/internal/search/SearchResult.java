package io.amalgam.internal.search;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What a search has found.
 *
 * @param trials in the order in which they were chosen
 * @param best of them
 * @param recipe its text, without places and ranges
 * @param bestHeldOut the best on what the search has not seen
 * @param average the plain average of the recipe's models, where there is one
 * @param averageHeldOut likewise
 * @param end why it ended, in words
 */
public record SearchResult(
        List<Trial> trials,
        Trial best,
        String recipe,
        Optional<Trial> bestHeldOut,
        Optional<Trial> average,
        Optional<Trial> averageHeldOut,
        String end) {
    public SearchResult {
        trials = List.copyOf(trials);
    }

    /** The best first, those that failed last. */
    public static List<Trial> sorted(List<Trial> trials, boolean losses) {
        Comparator<Trial> better =
                Comparator.comparingDouble(t -> losses ? t.figure() : -t.figure());
        return trials.stream().sorted(better.thenComparing(Trial::number)).toList();
    }
}
