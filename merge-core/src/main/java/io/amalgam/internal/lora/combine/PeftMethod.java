package io.amalgam.internal.lora.combine;

import io.amalgam.kernel.CounterRandom;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * PEFT's {@code combination_type}s that prune and add: on the factors, or with {@code _svd} on the
 * changes in full. Differs from the merge methods of the same names: signs are elected before
 * weights are applied, and means are by count.
 */
enum PeftMethod {
    LINEAR(false, false, false),
    MAGNITUDE_PRUNE(true, false, false),
    TIES(true, false, true),
    DARE_LINEAR(false, true, false),
    DARE_TIES(false, true, true);

    private final boolean magnitude;
    private final boolean random;
    private final boolean elects;

    PeftMethod(boolean magnitude, boolean random, boolean elects) {
        this.magnitude = magnitude;
        this.random = random;
        this.elects = elects;
    }

    static Optional<PeftMethod> named(String name) {
        return Arrays.stream(values())
                .filter(method -> method.recipeName().equals(name))
                .findFirst();
    }

    String recipeName() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    boolean elects() {
        return elects;
    }

    boolean prunes() {
        return magnitude || random;
    }

    /**
     * Merges tensors, which are changed.
     *
     * @param name what random numbers are drawn by, beside the seed
     */
    float[] merge(List<float[]> tensors, double[] weights, CombineOptions options, String name) {
        double density = options.density().orElse(1.0);
        float[][] parts = tensors.toArray(float[][]::new);
        for (int t = 0; t < parts.length; t++) {
            if (magnitude) {
                Pruning.byMagnitude(parts[t], density);
            } else if (random && density < 1) {
                Pruning.atRandom(parts[t], density, CounterRandom.key(options.seed(), name, t));
            }
        }
        return elects
                ? Pruning.elected(parts, weights, options.frequency())
                : Pruning.sum(parts, weights);
    }
}
