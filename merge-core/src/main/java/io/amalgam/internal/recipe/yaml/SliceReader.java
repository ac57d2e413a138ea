package io.amalgam.internal.recipe.yaml;

import io.amalgam.error.Problem;
import io.amalgam.recipe.ModelEntry;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.ModelRef.Alignment;
import io.amalgam.recipe.OutputSlice;
import io.amalgam.recipe.OutputSlice.LayerSource;
import io.amalgam.recipe.ParameterValue.Scalar;
import io.amalgam.recipe.Parameters;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;
import org.yaml.snakeyaml.nodes.SequenceNode;

/** Reads the items of {@code models}, {@code slices} and {@code sources}. */
final class SliceReader {
    private static final String MODEL_HINT = "add 'model: path/of/the/model'";
    private static final String RANGE_HINT = "add 'layer_range: [first, last + 1]'";

    private final ReadContext reading;
    private final RecipeProblems findings;
    private final ModelRefReader references;
    private final ParameterReader parameters;

    SliceReader(ReadContext reading, ModelRefReader references, ParameterReader parameters) {
        this.reading = reading;
        this.findings = reading.findings();
        this.references = references;
        this.parameters = parameters;
    }

    /** First layer and the one after the last. */
    private record Range(int start, int end) {}

    List<ModelEntry> models(Fields recipe, Node value) {
        List<ModelEntry> models = new ArrayList<>();
        for (Node item : recipe.items("models", value, "models")) {
            fields(
                            item,
                            MappingKind.MODEL,
                            "item of 'models'",
                            "write '- model: path/of/the/model'")
                    .flatMap(this::model)
                    .ifPresent(models::add);
        }
        return models;
    }

    private Optional<ModelEntry> model(Fields entry) {
        Parameters own = parameters.read(entry);
        Optional<ModelRef> statistics =
                entry.get("statistics").flatMap(node -> references.read("statistics", node));
        return reference(entry)
                .map(model -> new ModelEntry(model, own, statistics, entry.location()));
    }

    private Optional<ModelRef> reference(Fields entry) {
        Optional<ModelRef> model =
                entry.required("model", MODEL_HINT).flatMap(node -> references.read("model", node));
        Optional<Alignment> alignment =
                entry.get("align").flatMap(new AlignmentReader(reading, references)::read);
        return alignment.isEmpty() ? model : model.map(ref -> ref.aligned(alignment));
    }

    List<OutputSlice> slices(Fields recipe, Node value) {
        List<OutputSlice> slices = new ArrayList<>();
        for (Node item : recipe.items("slices", value, "slices")) {
            fields(item, MappingKind.SLICE, "item of 'slices'", "write '- sources: [...]'")
                    .flatMap(this::slice)
                    .ifPresent(slices::add);
        }
        return slices;
    }

    private Optional<OutputSlice> slice(Fields slice) {
        Optional<ModelRef> base =
                slice.get("base_model").flatMap(node -> references.read("base_model", node));
        Parameters own = parameters.read(slice);
        if (slice.get("residual_weight").isPresent()) {
            findings.warning(
                    slice.key("residual_weight"),
                    Problem.of("'residual_weight' has no effect").hint("remove it"));
        }
        List<LayerSource> sources = new ArrayList<>();
        slice.required("sources", "add the list of models and layers that are merged")
                .ifPresent(value -> sources(slice, value, sources));
        return sources.isEmpty()
                ? Optional.empty()
                : Optional.of(new OutputSlice(sources, base, own, slice.location()));
    }

    private void sources(Fields slice, Node value, List<LayerSource> sources) {
        for (Node item : slice.items("sources", value, "models with their layers")) {
            fields(
                            item,
                            MappingKind.SOURCE,
                            "item of 'sources'",
                            "write '- {model: ..., layer_range: [0, 4]}'")
                    .flatMap(this::source)
                    .ifPresent(sources::add);
        }
    }

    private Optional<LayerSource> source(Fields entry) {
        Parameters own = parameters.read(entry);
        Optional<ModelRef> model = reference(entry);
        Optional<Range> range = entry.required("layer_range", RANGE_HINT).flatMap(this::range);
        return model.flatMap(
                ref ->
                        range.map(
                                r ->
                                        new LayerSource(
                                                ref, r.start(), r.end(), own, entry.location())));
    }

    private Optional<Range> range(Node node) {
        if (!(node instanceof SequenceNode list) || list.getValue().size() != 2) {
            String found =
                    node instanceof SequenceNode other
                            ? other.getValue().size() + " values"
                            : Nodes.describe(node);
            findings.error(
                    node,
                    Problem.expected("'layer_range'", "two whole numbers", found)
                            .hint("write [first, last + 1], counted from 0"));
            return Optional.empty();
        }
        Optional<Integer> start = layer(list.getValue().get(0));
        Optional<Integer> end = layer(list.getValue().get(1));
        if (start.isEmpty() || end.isEmpty()) {
            return Optional.empty();
        }
        if (end.get() <= start.get()) {
            findings.error(
                    node,
                    Problem.expected(
                                    "'layer_range'",
                                    "an end after its start",
                                    "[" + start.get() + ", " + end.get() + "]")
                            .hint("the end is exclusive"));
            return Optional.empty();
        }
        return Optional.of(new Range(start.get(), end.get()));
    }

    private Optional<Integer> layer(Node node) {
        Optional<Object> value =
                node instanceof ScalarNode scalar ? Nodes.tryValue(scalar) : Optional.empty();
        double layer = value.map(v -> Scalar.number(v).orElse(-1)).orElse(-1.0);
        if (layer == Math.rint(layer) && layer >= 0 && layer <= Integer.MAX_VALUE) {
            return Optional.of((int) layer);
        }
        findings.error(
                node,
                Problem.expected(
                        "layer in 'layer_range'",
                        "a whole number from 0 up",
                        Nodes.describe(node)));
        return Optional.empty();
    }

    private Optional<Fields> fields(Node item, MappingKind level, String what, String hint) {
        if (item instanceof MappingNode mapping) {
            return Optional.of(Fields.of(mapping, level, reading));
        }
        findings.error(item, Problem.expected(what, "a mapping", Nodes.describe(item)).hint(hint));
        return Optional.empty();
    }
}
