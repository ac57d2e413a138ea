package io.amalgam.recipe.yaml;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.ModelRef;
import java.util.Optional;
import java.util.function.Supplier;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;

/** Reads model references, and refuses the kinds that cannot be opened. */
final class ModelRefReader {
    private final Reading reading;
    private final Findings findings;

    ModelRefReader(Reading reading) {
        this.reading = reading;
        this.findings = reading.findings();
    }

    Optional<ModelRef> read(String key, Node node) {
        Location location = findings.at(node);
        Optional<ModelRef> model =
                node instanceof MappingNode mapping
                        ? mapping(mapping, location)
                        : text(key, node)
                                .flatMap(
                                        text ->
                                                parse(
                                                        () -> ModelRef.parse(text, location),
                                                        location));
        model.ifPresent(ref -> refuse(ref, node instanceof MappingNode));
        return model;
    }

    private Optional<ModelRef> mapping(MappingNode mapping, Location location) {
        Fields fields = Fields.of(mapping, Level.REFERENCE, reading);
        Optional<ModelRef> model =
                fields.required("model", "write {model: {path: ...}}")
                        .flatMap(node -> path("model", node));
        Optional<ModelRef> lora = fields.get("lora").flatMap(node -> path("lora", node));
        Optional<String> architecture =
                fields.get("override_architecture")
                        .flatMap(node -> text("override_architecture", node));
        return model.map(
                ref ->
                        new ModelRef(
                                ref.path(),
                                ref.revision(),
                                lora.map(ModelRef::path),
                                lora.flatMap(ModelRef::revision),
                                architecture,
                                location));
    }

    /** {@code path[@revision]} or {@code {path, revision}}. */
    private Optional<ModelRef> path(String key, Node node) {
        Location location = findings.at(node);
        if (!(node instanceof MappingNode mapping)) {
            return text(key, node)
                    .flatMap(text -> parse(() -> ModelRef.parsePath(text, location), location));
        }
        Fields fields = Fields.of(mapping, Level.PATH, reading);
        Optional<String> revision =
                fields.get("revision").flatMap(value -> text("revision", value));
        return fields.required("path", "write {path: ...}")
                .flatMap(value -> text("path", value))
                .map(
                        path ->
                                new ModelRef(
                                        path,
                                        revision,
                                        Optional.empty(),
                                        Optional.empty(),
                                        Optional.empty(),
                                        location));
    }

    private Optional<ModelRef> parse(Supplier<ModelRef> parser, Location location) {
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

    private void refuse(ModelRef ref, boolean mapping) {
        String literal = mapping ? "" : "; " + ref.literalForm();
        ref.revision()
                .or(ref::loraRevision)
                .ifPresent(
                        revision ->
                                findings.error(
                                        ref.location(),
                                        Problem.of(
                                                        "revision "
                                                                + Nodes.quote(revision)
                                                                + " cannot be fetched: models are"
                                                                + " read from local paths only")
                                                .hint(
                                                        "download that revision and give its path"
                                                                + literal)));
    }
}
