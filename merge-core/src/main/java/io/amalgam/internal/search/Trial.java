package io.amalgam.internal.search;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A candidate that was judged.
 *
 * @param number from 1, in the order in which candidates were chosen
 * @param values by the name of their range
 * @param figures by what they were measured on; none where it failed
 * @param figure the one that counts; NaN where it failed
 * @param problem why it failed; empty where it did not
 */
public record Trial(
        int number,
        Map<String, String> values,
        Map<String, Double> figures,
        double figure,
        double seconds,
        String problem) {
    public Trial {
        values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
        figures = Collections.unmodifiableMap(new LinkedHashMap<>(figures));
    }

    public boolean failed() {
        return Double.isNaN(figure);
    }
}
