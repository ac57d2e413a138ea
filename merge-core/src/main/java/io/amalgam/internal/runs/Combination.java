package io.amalgam.internal.runs;

import java.util.Map;
import java.util.TreeMap;

/**
 * How figures on several texts become one.
 *
 * @param worst whether it is the worst of them; else their mean
 * @param weights in the mean, by name; others have 1
 */
public record Combination(boolean worst, Map<String, Double> weights) {
    public static final Combination MEAN = new Combination(false, Map.of());

    public Combination {
        weights = Map.copyOf(weights);
    }

    /** One figure of several. */
    public double of(Map<String, Double> figures, boolean losses) {
        if (worst) {
            return figures.values().stream()
                    .reduce((a, b) -> losses ? Math.max(a, b) : Math.min(a, b))
                    .orElse(Double.NaN);
        }
        double sum = 0;
        double all = 0;
        for (Map.Entry<String, Double> figure : figures.entrySet()) {
            double weight = weights.getOrDefault(figure.getKey(), 1.0);
            sum += weight * figure.getValue();
            all += weight;
        }
        return sum / all;
    }

    /** For tables and journals: {@code mean}, {@code worst} or {@code weighted mean}. */
    public String word() {
        String mean = weights.isEmpty() ? "mean" : "weighted mean";
        return worst ? "worst" : mean;
    }

    /** With its weights. */
    public String identity() {
        return word() + new TreeMap<>(weights);
    }
}
