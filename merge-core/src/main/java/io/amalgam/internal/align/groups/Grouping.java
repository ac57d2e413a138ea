package io.amalgam.internal.align.groups;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The groups of a model, in the order they are matched.
 *
 * @param stream the group of the residual stream, if it may move
 * @param anchors tensors of the stream on which nothing else moves
 * @param stays what keeps its order, and why
 * @param depth layers in each stack, or weights of a chain
 */
public record Grouping(
        List<Group> groups,
        Optional<Group.Units> stream,
        Set<String> anchors,
        List<String> stays,
        List<Integer> depth) {
    public Grouping {
        groups = List.copyOf(groups);
        anchors = Set.copyOf(anchors);
        stays = List.copyOf(stays);
        depth = List.copyOf(depth);
    }
}
