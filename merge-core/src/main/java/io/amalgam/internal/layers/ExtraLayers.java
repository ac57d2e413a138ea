package io.amalgam.internal.layers;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Layers that are numbered on behind a model's last and are none of its stack: they predict further
 * tokens (DeepSeek-V3, GLM-4.5), and the configuration does not count them with the rest.
 */
public final class ExtraLayers {
    private static final List<String> COUNTS =
            List.of("num_nextn_predict_layers", "num_mtp_layers", "num_mtp_modules");
    private static final List<String> MARKS = List.of(".eh_proj.", ".enorm.", ".hnorm.");

    private ExtraLayers() {}

    /** The stack without such layers. */
    public static LayerStack without(
            LayerStack stack, Optional<ObjectNode> config, Collection<String> names) {
        return new LayerStack(stack.prefix(), stack.count() - count(stack, config, names));
    }

    /**
     * How many of a stack's layers are such: as many as the configuration names them and leaves out
     * of its count, or that have tensors only they have.
     */
    public static int count(
            LayerStack stack, Optional<ObjectNode> config, Collection<String> names) {
        int first = stack.count() - config.map(c -> behind(c, stack.count())).orElse(0);
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

    private static int behind(ObjectNode config, int layers) {
        for (ObjectNode section : ConfigSections.of(config)) {
            for (String key : COUNTS) {
                int extra = section.path(key).asInt(0);
                if (extra > 0 && section.path("num_hidden_layers").asInt(-1) == layers - extra) {
                    return extra;
                }
            }
        }
        return 0;
    }
}
