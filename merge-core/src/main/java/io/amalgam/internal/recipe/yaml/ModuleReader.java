package io.amalgam.internal.recipe.yaml;

import io.amalgam.error.Problem;
import io.amalgam.recipe.ModelEntry;
import io.amalgam.recipe.ModuleSection;
import io.amalgam.recipe.OutputSlice;
import io.amalgam.recipe.Parameters;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;

/** Reads {@code modules}: the parts of a model, each with its own models or slices. */
final class ModuleReader {
    private static final String FORM = "write each as 'name: {models: [...]}'";

    private final ReadContext reading;
    private final RecipeProblems findings;
    private final SliceReader slices;
    private final ParameterReader parameters;

    ModuleReader(ReadContext reading, SliceReader slices, ParameterReader parameters) {
        this.reading = reading;
        this.findings = reading.findings();
        this.slices = slices;
        this.parameters = parameters;
    }

    List<ModuleSection> read(Node node) {
        Map<String, NodeTuple> entries =
                node instanceof MappingNode mapping ? reading.merges().entries(mapping) : Map.of();
        if (entries.isEmpty()) {
            String found = node instanceof MappingNode ? "an empty mapping" : Nodes.describe(node);
            findings.error(
                    node,
                    Problem.expected("'modules'", "a mapping of a model's parts", found)
                            .hint(FORM));
        }
        List<ModuleSection> modules = new ArrayList<>();
        entries.forEach((name, entry) -> module(name, entry).ifPresent(modules::add));
        return modules;
    }

    private Optional<ModuleSection> module(String name, NodeTuple entry) {
        Node node = entry.getValueNode();
        String what = "module " + Nodes.quote(name);
        if (name.isBlank() || !(node instanceof MappingNode mapping)) {
            findings.error(
                    name.isBlank() ? entry.getKeyNode() : node,
                    Problem.expected(
                                    what,
                                    name.isBlank() ? "a name" : "a mapping",
                                    name.isBlank() ? "nothing" : Nodes.describe(node))
                            .hint(FORM));
            return Optional.empty();
        }
        Fields module = Fields.of(mapping, MappingKind.MODULE, reading);
        Optional<Node> models = module.get("models");
        Optional<Node> parts = module.get("slices");
        if (models.isPresent() == parts.isPresent()) {
            boolean both = models.isPresent();
            findings.error(
                    both ? module.key("slices") : entry.getKeyNode(),
                    Problem.expected(
                                    what,
                                    "either 'models' or 'slices'",
                                    both ? "both" : "none of them")
                            .hint(
                                    both
                                            ? "keep one of them"
                                            : module.misspelt(
                                                    "models",
                                                    module.misspelt(
                                                            "slices",
                                                            "add 'models', the list of models to merge"))));
        }
        List<ModelEntry> whole = models.map(n -> slices.models(module, n)).orElse(List.of());
        List<OutputSlice> layers = parts.map(n -> slices.slices(module, n)).orElse(List.of());
        Parameters own = parameters.read(module);
        return whole.isEmpty() == layers.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        new ModuleSection(
                                name, whole, layers, own, findings.at(entry.getKeyNode())));
    }
}
