package io.amalgam.internal.align.groups;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.tensor.Shape;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Finds what may move in a model without changing what it computes, from names, shapes and
 * configuration.
 */
public final class GroupFinder {
    private GroupFinder() {}

    /**
     * @param shapes of tensors with numbers
     * @param transposed whether a weight lies as {@code in x out}
     */
    public static Grouping find(
            Map<String, Shape> shapes, Optional<ObjectNode> config, Predicate<String> transposed) {
        boolean attends =
                shapes.keySet().stream()
                        .anyMatch(
                                name -> {
                                    String module = Modules.owner(name);
                                    return Roles.ATTENTION.matcher(module).matches()
                                            && Roles.inAttention(module).isPresent();
                                });
        return attends ? TransformerGroups.of(shapes, config, transposed) : ChainGroups.of(shapes);
    }
}
