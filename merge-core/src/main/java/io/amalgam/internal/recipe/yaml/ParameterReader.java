package io.amalgam.internal.recipe.yaml;

import io.amalgam.error.Problem;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.ParameterValue;
import io.amalgam.recipe.ParameterValue.Filtered;
import io.amalgam.recipe.ParameterValue.Gradient;
import io.amalgam.recipe.ParameterValue.Scalar;
import io.amalgam.recipe.Parameters;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/** Reads {@code parameters} mappings. */
final class ParameterReader {
    private static final String FORMS = "a value, a list of values, or {filter, value} entries";

    private final ReadContext reading;
    private final RecipeProblems findings;

    /** By identity: what an anchor names is read, kept and complained about once. */
    private final IdentityHashMap<Node, Parameters> known = new IdentityHashMap<>();

    ParameterReader(ReadContext reading) {
        this.reading = reading;
        this.findings = reading.findings();
    }

    Parameters read(Fields parent) {
        return parent.get("parameters").map(this::readOnce).orElse(Parameters.EMPTY);
    }

    private Parameters readOnce(Node node) {
        Parameters read = known.get(node);
        if (read == null) {
            read = read(node);
            known.put(node, read);
        }
        return read;
    }

    private Parameters read(Node node) {
        if (!(node instanceof MappingNode mapping)) {
            findings.error(
                    node,
                    Problem.expected("'parameters'", "a mapping", Nodes.describe(node))
                            .hint("write each as 'name: value'"));
            return Parameters.EMPTY;
        }
        Map<String, ParameterValue> values = new LinkedHashMap<>();
        Map<String, Location> locations = new LinkedHashMap<>();
        reading.merges()
                .entries(mapping)
                .forEach(
                        (name, tuple) -> {
                            locations.put(name, findings.at(tuple.getKeyNode()));
                            value("parameter " + Nodes.quote(name), tuple.getValueNode())
                                    .ifPresent(value -> values.put(name, value));
                        });
        return Parameters.of(values, locations);
    }

    private Optional<ParameterValue> value(String what, Node node) {
        if (node instanceof MappingNode mapping) {
            return entry(what, mapping)
                    .map(entry -> new Filtered(List.of(entry), findings.at(node)));
        }
        boolean filtered =
                node instanceof SequenceNode list
                        && list.getValue().stream().anyMatch(MappingNode.class::isInstance);
        return filtered ? filtered(what, (SequenceNode) node) : plain(what, node, FORMS);
    }

    private Optional<ParameterValue> filtered(String what, SequenceNode list) {
        List<Filtered.Entry> entries = new ArrayList<>();
        for (Node item : list.getValue()) {
            if (item instanceof MappingNode mapping) {
                entry(what, mapping).ifPresent(entries::add);
            } else {
                findings.error(
                        item,
                        Problem.expected(
                                        what + " with filters",
                                        "only {filter, value} entries",
                                        Nodes.describe(item))
                                .hint("write a value for all other tensors as '- value: ...'"));
            }
        }
        return Optional.of(new Filtered(entries, findings.at(list)));
    }

    private Optional<Filtered.Entry> entry(String what, MappingNode mapping) {
        Fields fields = Fields.of(mapping, MappingKind.CONDITION, reading);
        Optional<String> filter = fields.get("filter").flatMap(node -> filter(what, node));
        return fields.required("value", "write {filter: part of a tensor's name, value: number}")
                .flatMap(node -> plain(what, node, "a value or a list of values under a filter"))
                .map(value -> new Filtered.Entry(filter, value, fields.location()));
    }

    private Optional<String> filter(String what, Node node) {
        Optional<String> text = Nodes.string(node);
        if (text.isEmpty()) {
            findings.error(
                    node,
                    Problem.expected("filter of " + what, "text", Nodes.describe(node))
                            .hint("put it in quotes if it is part of a tensor's name"));
        }
        return text;
    }

    /** A scalar or a list of scalars. */
    private Optional<ParameterValue> plain(String what, Node node, String expected) {
        if (!(node instanceof SequenceNode list)) {
            return scalar(what, node, expected).map(value -> new Scalar(value, findings.at(node)));
        }
        List<Object> values = new ArrayList<>();
        for (Node item : list.getValue()) {
            scalar("element of " + what, item, "a value").ifPresent(values::add);
        }
        return Optional.of(new Gradient(values, findings.at(node)));
    }

    private Optional<Object> scalar(String what, Node node, String expected) {
        if (!(node instanceof ScalarNode scalar) || Nodes.isNull(node)) {
            findings.error(node, Problem.expected(what, expected, Nodes.describe(node)));
            return Optional.empty();
        }
        Optional<Object> value = Nodes.tryValue(scalar);
        if (value.filter(v -> v instanceof Double d && !Double.isFinite(d)).isPresent()) {
            findings.error(node, Problem.expected(what, "a finite number", scalar.getValue()));
            return Optional.empty();
        }
        return value;
    }
}
