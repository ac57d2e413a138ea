package io.amalgam.internal.evaluate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Tokens to predict under a name. Arrays are not copied. */
public record Domain(String name, int[] tokens) {
    /**
     * Windows side by side. A last one of a single token predicts nothing and is left out.
     *
     * @param context tokens of a window
     */
    List<int[]> windows(int context) {
        List<int[]> windows = new ArrayList<>();
        for (int from = 0; from + 1 < tokens.length; from += context) {
            windows.add(Arrays.copyOfRange(tokens, from, Math.min(tokens.length, from + context)));
        }
        return windows;
    }

    /** The first or the second half of it. */
    public Domain half(boolean second) {
        int middle = tokens.length / 2;
        return new Domain(
                name,
                second
                        ? Arrays.copyOfRange(tokens, middle, tokens.length)
                        : Arrays.copyOf(tokens, middle));
    }

    /** The first tokens of it. */
    public Domain limited(int limit) {
        return limit >= tokens.length ? this : new Domain(name, Arrays.copyOf(tokens, limit));
    }
}
