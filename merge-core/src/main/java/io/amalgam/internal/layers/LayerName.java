package io.amalgam.internal.layers;

/** A tensor name taken apart at its layer number: {@code stack.prefix() + index + "." + suffix}. */
public record LayerName(LayerStack stack, int index, String suffix) {}
