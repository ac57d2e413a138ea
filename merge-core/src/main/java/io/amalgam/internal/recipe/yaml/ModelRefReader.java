package io.amalgam.internal.recipe.yaml;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.ModelRef.AdapterRef;
import io.amalgam.recipe.ModelRef.Alignment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/** Reads model references. */
final class ModelRefReader {
    private final ReadContext reading;
    private final RecipeProblems findings;

    ModelRefReader(ReadContext reading) {
        this.reading = reading;
        this.findings = reading.findings();
    }

    Optional<ModelRef> read(String key, Node node) {
        Location location = findings.at(node);
        return node instanceof MappingNode mapping
                ? mapping(mapping, location)
                : text(key, node)
                        .flatMap(text -> parse(() -> ModelRef.parse(text, location), location));
    }

    private Optional<ModelRef> mapping(MappingNode mapping, Location location) {
        Fields fields = Fields.of(mapping, MappingKind.REFERENCE, reading);
        Optional<ModelRef> model =
                fields.required("model", "write {model: {path: ...}}")
                        .flatMap(node -> path("model", node));
        List<AdapterRef> adapters = fields.get("lora").map(this::adapters).orElse(List.of());
        Optional<String> architecture =
                fields.get("override_architecture")
                        .flatMap(node -> text("override_architecture", node));
        Optional<Alignment> alignment =
                fields.get("align").flatMap(node -> new AlignmentReader(reading, this).read(node));
        return model.map(
                ref ->
                        new ModelRef(ref.path(), ref.revision(), adapters, architecture, location)
                                .aligned(alignment));
    }

    /** One adapter, or a list. */
    private List<AdapterRef> adapters(Node node) {
        List<Node> nodes = node instanceof SequenceNode list ? list.getValue() : List.of(node);
        List<AdapterRef> adapters = new ArrayList<>();
        for (Node one : nodes) {
            adapter(one).ifPresent(adapters::add);
        }
        return adapters;
    }

    /** {@code path[@revision][:weight]} or {@code {path, revision, weight}}. */
    private Optional<AdapterRef> adapter(Node node) {
        Location location = findings.at(node);
        if (!(node instanceof MappingNode mapping)) {
            return text("lora", node)
                    .flatMap(text -> parse(() -> ModelRef.parseAdapter(text, location), location));
        }
        Fields fields = Fields.of(mapping, MappingKind.ADAPTER, reading);
        Optional<String> revision =
                fields.get("revision").flatMap(value -> text("revision", value));
        double weight = fields.get("weight").map(this::weight).orElse(1.0);
        return fields.required("path", "write {path: ...}")
                .flatMap(value -> text("path", value))
                .map(path -> new AdapterRef(path, revision, weight, ""));
    }

    private double weight(Node node) {
        Optional<Object> value =
                node instanceof ScalarNode scalar ? Nodes.tryValue(scalar) : Optional.empty();
        if (value.isPresent()
                && value.get() instanceof Number number
                && Double.isFinite(number.doubleValue())) {
            return number.doubleValue();
        }
        findings.error(
                node,
                Problem.expected(
                        "'weight' of an adapter", "a finite number", Nodes.describe(node)));
        return 1;
    }

    /** {@code path[@revision]} or {@code {path, revision}}. */
    private Optional<ModelRef> path(String key, Node node) {
        Location location = findings.at(node);
        if (!(node instanceof MappingNode mapping)) {
            return text(key, node)
                    .flatMap(text -> parse(() -> ModelRef.parsePath(text, location), location));
        }
        Fields fields = Fields.of(mapping, MappingKind.PATH, reading);
        Optional<String> revision =
                fields.get("revision").flatMap(value -> text("revision", value));
        return fields.required("path", "write {path: ...}")
                .flatMap(value -> text("path", value))
                .map(path -> new ModelRef(path, revision, List.of(), Optional.empty(), location));
    }

    private <T> Optional<T> parse(Supplier<T> parser, Location location) {
        try {
            return Optional.of(parser.get());
        } catch (BadInputException e) {
            e.problems().forEach(problem -> findings.error(location, problem));
            return Optional.empty();
        }
    }

    private Optional<String> text(String key, Node node) {
        Optional<String> text = Nodes.string(node);
        if (text.isEmpty() || text.get().isEmpty()) {
            Problem problem = Problem.expected("'" + key + "'", "text", Nodes.describe(node));
            boolean quotable = node instanceof ScalarNode && text.isEmpty() && !Nodes.isNull(node);
            findings.error(
                    node, quotable ? problem.hint("put it in quotes if it is a name") : problem);
            return Optional.empty();
        }
        return text;
    }
}
