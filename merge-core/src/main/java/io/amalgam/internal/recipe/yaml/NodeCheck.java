package io.amalgam.internal.recipe.yaml;

import io.amalgam.error.Problem;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;
import org.yaml.snakeyaml.nodes.Tag;

/**
 * Rules for every node of a recipe, whatever it means: keys are text and given once, and nothing is
 * tagged.
 */
final class NodeCheck {
    static final Set<Tag> TAGS =
            Set.of(
                    Tag.STR,
                    Tag.INT,
                    Tag.FLOAT,
                    Tag.BOOL,
                    Tag.NULL,
                    Tag.TIMESTAMP,
                    Tag.MERGE,
                    Tag.MAP,
                    Tag.SEQ);

    private final RecipeProblems findings;

    /** Anchors may make a node contain itself. */
    private final Set<Node> seen = Collections.newSetFromMap(new IdentityHashMap<>());

    private final Deque<Node> waiting = new ArrayDeque<>();

    NodeCheck(RecipeProblems findings) {
        this.findings = findings;
    }

    void check(Node root) {
        visit(root);
        while (!waiting.isEmpty()) {
            Node node = waiting.pop();
            checkTag(node);
            if (node instanceof MappingNode mapping) {
                checkKeys(mapping);
                for (NodeTuple tuple : mapping.getValue()) {
                    visit(tuple.getKeyNode());
                    visit(tuple.getValueNode());
                }
            } else if (node instanceof SequenceNode list) {
                list.getValue().forEach(this::visit);
            }
        }
    }

    private void visit(Node node) {
        if (seen.add(node)) {
            waiting.push(node);
        }
    }

    private void checkTag(Node node) {
        Tag tag = node.getTag();
        if (!TAGS.contains(tag)) {
            findings.error(node, tagged(tag.getValue().replace(Tag.PREFIX, "!!")));
        } else if (node instanceof ScalarNode scalar) {
            try {
                Nodes.value(scalar);
            } catch (NumberFormatException e) {
                String type = tag.getValue().replace(Tag.PREFIX, "!!");
                findings.error(
                        node,
                        Problem.expected(
                                        "value tagged '" + type + "'",
                                        "text of that type",
                                        Nodes.quote(scalar.getValue()))
                                .hint("correct the value or remove the tag"));
            }
        }
    }

    static Problem tagged(String tag) {
        return Problem.of("tag " + Nodes.quote(tag) + " has no meaning in a recipe")
                .hint("remove it");
    }

    private void checkKeys(MappingNode mapping) {
        Map<String, Node> first = new HashMap<>();
        for (NodeTuple tuple : mapping.getValue()) {
            Node key = tuple.getKeyNode();
            if (!(key instanceof ScalarNode scalar)) {
                findings.error(
                        key,
                        Problem.expected("key", "text", Nodes.describe(key))
                                .hint("quote text that begins with '[' or '{'"));
            } else if (!key.getTag().equals(Tag.MERGE)) {
                Node earlier = first.putIfAbsent(scalar.getValue(), key);
                if (earlier != null) {
                    findings.error(
                            key,
                            Problem.of(
                                            "key "
                                                    + Nodes.quote(scalar.getValue())
                                                    + " is given twice, first in line "
                                                    + findings.at(earlier).line())
                                    .hint("remove one of them"));
                }
            }
        }
    }
}
