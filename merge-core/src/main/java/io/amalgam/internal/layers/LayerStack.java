package io.amalgam.internal.layers;

/**
 * A run of numbered layers in a checkpoint: {@code prefix + 0 .. prefix + (count-1)}.
 *
 * @param prefix up to and including the dot before the number: {@code model.layers.}
 */
public record LayerStack(String prefix, int count) {
    /** Where a tensor of layer {@code index} with this suffix is. */
    public String name(int index, String suffix) {
        return prefix + index + "." + suffix;
    }

    /**
     * Position of a layer in its stack as gradients see it: 0 for the first, 1 for the last, 1
     * where there is only one.
     */
    public static double position(int index, int count) {
        return count == 1 ? 1 : (double) index / (count - 1);
    }
}
