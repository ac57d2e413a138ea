package io.amalgam.internal.recipe.yaml;

import io.amalgam.error.Problem;
import io.amalgam.recipe.ModelEntry;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.ModelRef.Alignment;
import io.amalgam.recipe.ModuleSection;
import io.amalgam.recipe.OutputSlice;
import io.amalgam.recipe.OutputSlice.LayerSource;
import io.amalgam.recipe.Recipe;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;

/** Reads alignments: of one model, or of all of a recipe. */
final class AlignmentReader {
    private static final String HINT = "write {method: weight_matching, to: path/of/a/model}";

    private final ReadContext reading;
    private final RecipeProblems findings;
    private final ModelRefReader references;

    AlignmentReader(ReadContext reading, ModelRefReader references) {
        this.reading = reading;
        this.findings = reading.findings();
        this.references = references;
    }

    /** The alignment of one model, which names its target. */
    Optional<Alignment> read(Node node) {
        return read(node, Optional.empty());
    }

    /**
     * @param target the model that stays as it is, where none is named
     */
    private Optional<Alignment> read(Node node, Optional<ModelRef> target) {
        if (!(node instanceof MappingNode mapping)) {
            findings.error(
                    node,
                    Problem.expected("'align'", "a mapping", Nodes.describe(node)).hint(HINT));
            return Optional.empty();
        }
        Fields fields = Fields.of(mapping, MappingKind.ALIGN, reading);
        Map<String, String> settings = new TreeMap<>();
        for (String key : MappingKind.ALIGN.keys()) {
            if (!key.equals("to")) {
                fields.get(key)
                        .flatMap(value -> text(key, value))
                        .ifPresent(v -> settings.put(key, v));
            }
        }
        String method = Optional.ofNullable(settings.remove("method")).orElse("weight_matching");
        Optional<Node> named =
                target.isPresent() ? fields.get("to") : fields.required("to", "name a model");
        return named.flatMap(value -> references.read("to", value))
                .or(() -> target)
                .map(to -> new Alignment(method, to, settings, fields.location()));
    }

    private Optional<String> text(String key, Node value) {
        if (value instanceof ScalarNode scalar && !scalar.getValue().isEmpty()) {
            return Optional.of(scalar.getValue());
        }
        findings.error(value, Problem.expected("'" + key + "'", "text", Nodes.describe(value)));
        return Optional.empty();
    }

    /**
     * A recipe with all its models aligned to one; those with an alignment of their own keep it.
     */
    Recipe all(Node node, Recipe recipe) {
        Optional<ModelRef> first =
                recipe.baseModel().or(() -> recipe.references().stream().findFirst());
        return read(node, first.map(AlignmentReader::plain))
                .map(alignment -> aligned(recipe, alignment))
                .orElse(recipe);
    }

    private static ModelRef plain(ModelRef ref) {
        return ref.aligned(Optional.empty());
    }

    private static Recipe aligned(Recipe recipe, Alignment to) {
        return recipe.withModels(
                entries(recipe.models(), to),
                slices(recipe.slices(), to),
                recipe.modules().stream()
                        .map(
                                m ->
                                        new ModuleSection(
                                                m.name(),
                                                entries(m.models(), to),
                                                slices(m.slices(), to),
                                                m.parameters(),
                                                m.location()))
                        .toList(),
                recipe.baseModel().map(base -> aligned(base, to)),
                recipe.tokenizer());
    }

    private static ModelRef aligned(ModelRef ref, Alignment to) {
        return ref.alignment().isPresent() || ref.equals(to.to())
                ? ref
                : ref.aligned(Optional.of(to));
    }

    private static List<ModelEntry> entries(List<ModelEntry> entries, Alignment to) {
        return entries.stream()
                .map(e -> new ModelEntry(aligned(e.model(), to), e.parameters(), e.location()))
                .toList();
    }

    private static List<OutputSlice> slices(List<OutputSlice> slices, Alignment to) {
        return slices.stream()
                .map(
                        s ->
                                new OutputSlice(
                                        s.sources().stream().map(l -> source(l, to)).toList(),
                                        s.baseModel().map(base -> aligned(base, to)),
                                        s.parameters(),
                                        s.location()))
                .toList();
    }

    private static LayerSource source(LayerSource source, Alignment to) {
        return new LayerSource(
                aligned(source.model(), to),
                source.start(),
                source.end(),
                source.parameters(),
                source.location());
    }
}
