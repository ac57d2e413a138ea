package io.amalgam.internal.runs;

import java.util.Comparator;
import java.util.OptionalDouble;
import java.util.function.Function;

/** The order of scored models: the best first, those without a score last. */
public final class BestFirst {
    private BestFirst() {}

    public static <T> Comparator<T> by(Function<T, OptionalDouble> score, boolean smallerIsBetter) {
        double worst = smallerIsBetter ? Double.POSITIVE_INFINITY : Double.NEGATIVE_INFINITY;
        Comparator<T> smallest =
                Comparator.comparingDouble(item -> score.apply(item).orElse(worst));
        return smallerIsBetter ? smallest : smallest.reversed();
    }
}
