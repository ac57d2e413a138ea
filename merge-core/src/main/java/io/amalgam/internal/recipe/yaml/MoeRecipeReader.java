package io.amalgam.internal.recipe.yaml;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.error.Suggestions;
import io.amalgam.internal.recipe.MoeRecipe;
import io.amalgam.internal.recipe.MoeRecipe.Expert;
import io.amalgam.internal.recipe.MoeRecipe.GateMode;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.ParameterValue.Scalar;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.ScalarNode;

/** Reads what mergekit-moe reads. Stateless, so safe for use by many threads. */
public final class MoeRecipeReader {
    private static final Map<String, GateMode> MODES = modes();

    private final RecipeProblems findings;
    private final ReadContext reading;
    private final ModelRefReader references;

    private MoeRecipeReader(RecipeProblems findings) {
        this.findings = findings;
        this.reading = new ReadContext(findings);
        this.references = new ModelRefReader(reading);
    }

    private static Map<String, GateMode> modes() {
        Map<String, GateMode> modes = new LinkedHashMap<>();
        modes.put("hidden", GateMode.HIDDEN);
        modes.put("hidden_last", GateMode.HIDDEN);
        modes.put("hidden_avg", GateMode.HIDDEN_AVG);
        modes.put("cheap_embed", GateMode.CHEAP_EMBED);
        modes.put("random", GateMode.RANDOM);
        modes.put("uniform_random", GateMode.UNIFORM_RANDOM);
        return modes;
    }

    /**
     * Reads a file: as {@link RecipeReader#read(Path, ReadOptions)}.
     *
     * @throws BadInputException with all problems found, if there are any
     */
    public static MoeRecipe read(Path file, ReadOptions options) throws IOException {
        return read(RecipeText.read(file), file.toString(), options);
    }

    /**
     * Reads text.
     *
     * @param fileName for messages
     * @throws BadInputException with all problems found, if there are any
     */
    public static MoeRecipe read(String text, String fileName, ReadOptions options) {
        boolean marked = text.indexOf(RecipeText.BYTE_ORDER_MARK) == 0;
        String unmarked = marked ? text.substring(1) : text;
        RecipeProblems findings = new RecipeProblems(fileName, options);
        MappingNode root = YamlText.parseOne(unmarked, findings);
        new NodeCheck(findings).check(root);
        OtherCommand.refuseRecipe(root, findings);
        return new MoeRecipeReader(findings).read(root, unmarked);
    }

    private MoeRecipe read(MappingNode root, String text) {
        Fields recipe = Fields.of(root, MappingKind.MOE, reading);
        Optional<ModelRef> base =
                recipe.required("base_model", "name the model that gives all but the experts")
                        .flatMap(node -> references.read("base_model", node));
        List<Expert> experts =
                recipe.required("experts", "add the list of models that become experts")
                        .map(node -> experts(recipe, "experts", node))
                        .orElse(List.of());
        List<Expert> shared =
                recipe.get("shared_experts")
                        .map(node -> experts(recipe, "shared_experts", node))
                        .orElse(List.of());
        GateMode mode = recipe.get("gate_mode").flatMap(this::mode).orElse(GateMode.HIDDEN);
        int perToken = recipe.get("experts_per_token").map(this::perToken).orElse(2);
        Optional<DType> dtype = new DTypeReader(findings).read(recipe, "dtype");
        Optional<String> architecture =
                recipe.get("architecture").flatMap(node -> text("architecture", node));
        findings.throwIfAny();
        return new MoeRecipe(
                findings.file(),
                text,
                base.orElseThrow(),
                experts,
                shared,
                mode,
                1,
                perToken,
                dtype,
                architecture,
                1,
                false,
                recipe.location(),
                findings.warnings());
    }

    private List<Expert> experts(Fields recipe, String key, Node value) {
        List<Expert> experts = new ArrayList<>();
        for (Node item : recipe.items(key, value, "models")) {
            if (item instanceof MappingNode mapping) {
                expert(Fields.of(mapping, MappingKind.EXPERT, reading)).ifPresent(experts::add);
            } else {
                findings.error(
                        item,
                        Problem.expected("item of '" + key + "'", "a mapping", Nodes.describe(item))
                                .hint("write '- source_model: ...'"));
            }
        }
        return experts;
    }

    private Optional<Expert> expert(Fields fields) {
        List<String> positive = prompts(fields, "positive_prompts");
        List<String> negative = prompts(fields, "negative_prompts");
        OptionalDouble noise = number(fields, "noise_scale");
        OptionalDouble residual = number(fields, "residual_scale");
        return fields.required("source_model", "name the expert's model")
                .flatMap(node -> references.read("source_model", node))
                .map(
                        model ->
                                new Expert(
                                        model,
                                        positive,
                                        negative,
                                        noise,
                                        residual,
                                        fields.location()));
    }

    private List<String> prompts(Fields fields, String key) {
        List<String> prompts = new ArrayList<>();
        Optional<Node> value = fields.get(key);
        if (value.isPresent()) {
            for (Node item : fields.items(key, value.get(), "prompts")) {
                text("prompt in '" + key + "'", item).ifPresent(prompts::add);
            }
        }
        return prompts;
    }

    private Optional<String> text(String what, Node node) {
        Optional<String> text = Nodes.string(node);
        if (text.isEmpty()) {
            String name = what.contains("'") ? what : "'" + what + "'";
            findings.error(
                    node,
                    Problem.expected(name, "text", Nodes.describe(node)).hint("put it in quotes"));
        }
        return text;
    }

    private OptionalDouble number(Fields fields, String key) {
        Optional<Node> node = fields.get(key);
        if (node.isEmpty()) {
            return OptionalDouble.empty();
        }
        OptionalDouble number = number(node.get());
        if (number.isEmpty() || !Double.isFinite(number.getAsDouble())) {
            findings.error(
                    node.get(),
                    Problem.expected("'" + key + "'", "a number", Nodes.describe(node.get())));
        }
        return number;
    }

    private static OptionalDouble number(Node node) {
        Optional<Object> value =
                node instanceof ScalarNode scalar ? Nodes.tryValue(scalar) : Optional.empty();
        return value.map(Scalar::number).orElse(OptionalDouble.empty());
    }

    private int perToken(Node node) {
        double number = number(node).orElse(0);
        if (number < 1 || number != Math.rint(number) || number > Integer.MAX_VALUE) {
            findings.error(
                    node,
                    Problem.expected(
                            "'experts_per_token'",
                            "a whole number from 1 up",
                            Nodes.describe(node)));
        }
        return (int) number;
    }

    private Optional<GateMode> mode(Node node) {
        String text = Nodes.string(node).orElse("");
        GateMode mode = MODES.get(text);
        if (mode == null) {
            findings.error(
                    node,
                    Problem.expected(
                                    "'gate_mode'",
                                    "one of " + String.join(", ", MODES.keySet()),
                                    Nodes.describe(node))
                            .hint(Suggestions.didYouMean(text, MODES.keySet(), "")));
        }
        return Optional.ofNullable(mode);
    }
}
