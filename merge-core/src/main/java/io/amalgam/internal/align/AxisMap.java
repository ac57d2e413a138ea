package io.amalgam.internal.align;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Where the elements of a new axis come from: each is a sum of elements of the old axis, most often
 * a single one.
 *
 * @param oldSize elements of the old axis
 * @param starts where each new element's terms begin, and the end; null for one term each
 * @param sources old elements
 * @param factors of the terms; null for 1
 */
record AxisMap(int oldSize, int @Nullable [] starts, int[] sources, double @Nullable [] factors) {
    static AxisMap identity(int size) {
        int[] sources = new int[size];
        for (int i = 0; i < size; i++) {
            sources[i] = i;
        }
        return new AxisMap(size, null, sources, null);
    }

    /** New element {@code i} is old element {@code sources[i]}. */
    static AxisMap of(int oldSize, int[] sources) {
        return new AxisMap(oldSize, null, sources, null);
    }

    int size() {
        return starts == null ? sources.length : starts.length - 1;
    }

    int from(int element) {
        return starts == null ? element : starts[element];
    }

    int to(int element) {
        return starts == null ? element + 1 : starts[element + 1];
    }

    double factor(int term) {
        return factors == null ? 1 : factors[term];
    }

    boolean isIdentity() {
        return starts == null
                && factors == null
                && size() == oldSize
                && Arrays.equals(sources, identity(oldSize).sources);
    }

    /** Whether each element is one old element as it is. */
    boolean moves() {
        return starts == null && factors == null;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof AxisMap map
                && map.oldSize == oldSize
                && Arrays.equals(map.starts, starts)
                && Arrays.equals(map.sources, sources)
                && Arrays.equals(map.factors, factors);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(sources);
    }
}
