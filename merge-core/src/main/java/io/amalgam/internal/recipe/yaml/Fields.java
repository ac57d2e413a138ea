package io.amalgam.internal.recipe.yaml;

import io.amalgam.error.Problem;
import io.amalgam.error.Suggestions;
import io.amalgam.recipe.Location;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.SequenceNode;

/**
 * A mapping with a known set of keys. A key without a value counts as absent, as in the language.
 */
final class Fields {
    private static final Optional<String> NEWEST = Optional.of("main");

    private final MappingNode node;
    private final Map<String, NodeTuple> entries;
    private final MappingKind level;
    private final RecipeProblems findings;

    private Fields(MappingNode node, MappingKind level, ReadContext reading) {
        this.node = node;
        this.entries = reading.merges().entries(node);
        this.level = level;
        this.findings = reading.findings();
    }

    /** Reports unknown keys as it opens. */
    static Fields of(MappingNode node, MappingKind level, ReadContext reading) {
        Fields fields = new Fields(node, level, reading);
        for (String key : fields.unknown()) {
            Problem problem =
                    Problem.of("unknown key " + Nodes.quote(key)).hint(level.hintFor(key));
            if (fields.isRevision(key)) {
                fields.findings.error(
                        fields.key(key),
                        Problem.of("unknown key " + Nodes.quote(key)).hint(level.revisionHint()));
            } else if (level.misspelt(key).isPresent()) {
                fields.findings.error(fields.key(key), problem);
            } else {
                fields.findings.unknownKey(fields.key(key), problem);
            }
        }
        return fields;
    }

    /**
     * Whether an unknown key selects a revision: without it, the merge would read other weights
     * than those that were asked for. The newest is what is read anyway.
     */
    private boolean isRevision(String key) {
        return level.selectsRevision(key)
                && get(key).filter(value -> !Nodes.string(value).equals(NEWEST)).isPresent();
    }

    /** Keys that were written and that the level does not have. */
    private List<String> unknown() {
        return entries.keySet().stream().filter(key -> !level.keys().contains(key)).toList();
    }

    Location location() {
        return findings.at(node);
    }

    MappingNode node() {
        return node;
    }

    /** The node of a key that is present. */
    Node key(String name) {
        return Objects.requireNonNull(entries.get(name)).getKeyNode();
    }

    Optional<Node> get(String name) {
        return Optional.ofNullable(entries.get(name))
                .map(NodeTuple::getValueNode)
                .filter(value -> !Nodes.isNull(value));
    }

    /** The value of a key that must be there; reports where it is not. */
    Optional<Node> required(String name, String hint) {
        Optional<Node> value = get(name);
        if (value.isEmpty()) {
            if (entries.containsKey(name)) {
                findings.error(key(name), Problem.of("key '" + name + "' has no value").hint(hint));
            } else if (!isMisspelt(name)) {
                findings.error(
                        node,
                        Problem.of("key '" + name + "' is missing").hint(misspelt(name, hint)));
            }
        }
        return value;
    }

    /** Whether a key is there under a name that is reported as a misspelling of it. */
    boolean isMisspelt(String name) {
        return unknown().stream().anyMatch(key -> level.misspelt(key).equals(Optional.of(name)));
    }

    /** A missing key's hint: the unknown key that may be it, if there is one. */
    String misspelt(String name, String otherwise) {
        return Suggestions.nearest(name, unknown())
                .map(unknown -> "is '" + unknown + "' meant to be '" + name + "'?")
                .orElse(otherwise);
    }

    /** A list's items; reports a value that is no list, and an empty one. */
    List<Node> items(String name, Node value, String ofWhat) {
        if (value instanceof SequenceNode list && !list.getValue().isEmpty()) {
            return list.getValue();
        }
        findings.error(
                value,
                Problem.expected("'" + name + "'", "a list of " + ofWhat, Nodes.describe(value))
                        .hint("begin each item with '- '"));
        return List.of();
    }
}
