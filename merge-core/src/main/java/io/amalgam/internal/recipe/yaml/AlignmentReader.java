package io.amalgam.internal.recipe.yaml;

import io.amalgam.error.Problem;
import io.amalgam.internal.recipe.RecipeReferences;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.ModelRef.Alignment;
import io.amalgam.recipe.ModuleSection;
import io.amalgam.recipe.Recipe;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
        if (settings.containsKey("permutations") && settings.containsKey("method")) {
            findings.error(
                    fields.get("method").orElseThrow(),
                    Problem.expected("'method' of an alignment", "a search", "'permutations'")
                            .hint("leave out one of the two"));
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

    /** The alignment of all models of a recipe: to the base or the first, if none is named. */
    Optional<Alignment> ofAll(Node node, Recipe recipe) {
        return read(
                node,
                recipe.baseModel()
                        .or(() -> recipe.references().stream().findFirst())
                        .map(ref -> ref.aligned(Optional.empty())));
    }

    /** A recipe with all its models aligned; those with an alignment of their own keep it. */
    static Recipe aligned(Recipe recipe, Alignment to) {
        return RecipeReferences.models(
                recipe,
                ref ->
                        ref.alignment().isPresent() || ref.equals(to.to())
                                ? ref
                                : ref.aligned(Optional.of(to)));
    }

    /** A tokenizer that names a model means it as it is merged. */
    static Recipe namedAsMerged(Recipe recipe) {
        Set<ModelRef> merged = new LinkedHashSet<>();
        recipe.baseModel().ifPresent(merged::add);
        for (ModuleSection section : recipe.sections()) {
            section.models().forEach(entry -> merged.add(entry.model()));
            section.slices().forEach(slice -> slice.sources().forEach(s -> merged.add(s.model())));
        }
        return RecipeReferences.tokenizers(
                recipe,
                named ->
                        merged.stream()
                                .filter(ref -> !merged.contains(named))
                                .filter(ref -> ref.aligned(Optional.empty()).equals(named))
                                .findFirst()
                                .orElse(named));
    }
}
