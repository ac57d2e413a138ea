package io.amalgam.internal.recipe.yaml;

import io.amalgam.error.Problem;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * Mappings with what their {@code <<} keys bring in: a mapping's own keys win, then the mappings of
 * a list from first to last, and of several {@code <<} the last.
 */
final class MergeKeys {
    private final RecipeProblems findings;

    /** Flattened mappings by identity, so that merges of merges are not done over and over. */
    private final IdentityHashMap<MappingNode, Map<String, NodeTuple>> done =
            new IdentityHashMap<>();

    private final Set<MappingNode> underway = Collections.newSetFromMap(new IdentityHashMap<>());

    MergeKeys(RecipeProblems findings) {
        this.findings = findings;
    }

    /** The mapping's entries by key; keys that are not text are left out. */
    Map<String, NodeTuple> entries(MappingNode mapping) {
        Map<String, NodeTuple> known = done.get(mapping);
        if (known != null) {
            return known;
        }
        underway.add(mapping);
        List<MappingNode> merged = new ArrayList<>();
        Map<String, NodeTuple> own = new LinkedHashMap<>();
        for (NodeTuple tuple : mapping.getValue()) {
            if (tuple.getKeyNode().getTag().equals(Tag.MERGE)) {
                merged.addAll(0, sources(tuple.getValueNode()));
            } else if (tuple.getKeyNode() instanceof ScalarNode key) {
                own.putIfAbsent(key.getValue(), tuple);
            }
        }
        for (MappingNode source : merged) {
            if (underway.contains(source)) {
                findings.error(source, Problem.of("mapping is merged into itself by '<<'"));
            } else {
                entries(source).forEach(own::putIfAbsent);
            }
        }
        underway.remove(mapping);
        Map<String, NodeTuple> entries = Collections.unmodifiableMap(own);
        done.put(mapping, entries);
        return entries;
    }

    private List<MappingNode> sources(Node node) {
        List<MappingNode> sources = new ArrayList<>();
        List<Node> nodes = node instanceof SequenceNode list ? list.getValue() : List.of(node);
        for (Node item : nodes) {
            if (item instanceof MappingNode mapping) {
                sources.add(mapping);
            } else {
                findings.error(
                        item,
                        Problem.expected(
                                        "value of '<<'",
                                        "a mapping or a list of mappings",
                                        Nodes.describe(item))
                                .hint("give it an alias of a mapping, as in '<<: *name'"));
            }
        }
        return sources;
    }
}
