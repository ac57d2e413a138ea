package io.amalgam.internal.recipe.yaml;

import io.amalgam.error.Problem;
import io.amalgam.error.Suggestions;
import io.amalgam.recipe.Recipe.QuantisedType;
import io.amalgam.tensor.DType;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.nodes.Node;

/** Reads {@code dtype} and {@code out_dtype}. */
final class DTypeReader {
    private static final List<String> NAMES = List.of("bfloat16", "float16", "float32", "float64");

    /** Names other tools use. */
    private static final Map<String, String> ELSEWHERE =
            Map.of(
                    "bf16", "bfloat16",
                    "fp16", "float16",
                    "f16", "float16",
                    "half", "float16",
                    "fp32", "float32",
                    "f32", "float32",
                    "float", "float32",
                    "fp64", "float64",
                    "f64", "float64",
                    "double", "float64");

    private static final Pattern QUANTISED = Pattern.compile("[a-z][a-z0-9_]*");

    private final RecipeProblems findings;

    DTypeReader(RecipeProblems findings) {
        this.findings = findings;
    }

    Optional<DType> read(Fields recipe, String key) {
        return recipe.get(key).flatMap(node -> read(key, node));
    }

    /** A name that is no type of dense tensors, nor another tool's for one: one of codes, maybe. */
    Optional<QuantisedType> quantised(Fields recipe) {
        return recipe.get("out_dtype")
                .flatMap(
                        node ->
                                Nodes.string(node)
                                        .filter(DTypeReader::mayBeQuantised)
                                        .map(name -> new QuantisedType(name, findings.at(node))));
    }

    private static boolean mayBeQuantised(String name) {
        return QUANTISED.matcher(name).matches()
                && !NAMES.contains(name)
                && !ELSEWHERE.containsKey(name)
                && DType.fromRecipeName(name).isEmpty();
    }

    private Optional<DType> read(String key, Node node) {
        String text = Nodes.string(node).orElse("");
        String name = text.startsWith("torch.") ? text.substring("torch.".length()) : text;
        if (NAMES.contains(name)) {
            return DType.fromRecipeName(name);
        }
        String expected = "one of " + String.join(", ", NAMES);
        Problem problem = Problem.expected("'" + key + "'", expected, Nodes.describe(node));
        if (name.equals("int64")) {
            problem =
                    problem.hint("merges compute with floating types; integer tensors are copied");
        } else if (!name.isEmpty()) {
            problem = problem.hint(suggestion(name.toLowerCase(Locale.ROOT)));
        }
        findings.error(node, problem);
        return Optional.empty();
    }

    private static String suggestion(String name) {
        String known = ELSEWHERE.get(name);
        return known != null
                ? "did you mean '" + known + "'?"
                : Suggestions.didYouMean(
                        name, NAMES, "leave the key out to keep the type of the inputs");
    }
}
