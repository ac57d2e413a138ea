package io.amalgam.internal.layers;

import io.amalgam.checkpoint.Checkpoint.ModelFacts;
import java.util.Collection;
import java.util.List;

/**
 * Layers that are numbered on behind a model's last and are none of its stack: they predict further
 * tokens (DeepSeek-V3, GLM-4.5), and the configuration does not count them with the rest.
 */
public final class ExtraLayers {
    private static final List<String> MARKS = List.of(".eh_proj.", ".enorm.", ".hnorm.");

    private ExtraLayers() {}

    /** The stack without such layers. */
    public static LayerStack without(LayerStack stack, ModelFacts facts, Collection<String> names) {
        return new LayerStack(stack.prefix(), stack.count() - count(stack, facts, names));
    }

    /**
     * How many of a stack's layers are such: as many as the configuration names them and leaves out
     * of its count, or that have tensors only they have.
     */
    public static int count(LayerStack stack, ModelFacts facts, Collection<String> names) {
        int first = stack.count() - facts.behind().getOrDefault((long) stack.count(), 0);
        while (first > 1 && marked(stack.name(first - 1, ""), names)) {
            first--;
        }
        return stack.count() - first;
    }

    private static boolean marked(String layer, Collection<String> names) {
        return names.stream()
                .anyMatch(
                        name -> name.startsWith(layer) && MARKS.stream().anyMatch(name::contains));
    }
}
