package io.amalgam.internal.lora;

/**
 * An adapter and how much of it is added.
 *
 * @param weight 1 for the adapter as it was trained
 */
public record WeightedAdapter(Adapter adapter, double weight) {}
