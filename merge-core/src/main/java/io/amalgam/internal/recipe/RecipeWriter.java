package io.amalgam.internal.recipe;

import io.amalgam.recipe.ModelEntry;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.ModelRef.AdapterRef;
import io.amalgam.recipe.ModelRef.Alignment;
import io.amalgam.recipe.ModuleSection;
import io.amalgam.recipe.OutputSlice;
import io.amalgam.recipe.OutputSlice.LayerSource;
import io.amalgam.recipe.ParameterValue;
import io.amalgam.recipe.ParameterValue.Filtered;
import io.amalgam.recipe.ParameterValue.Gradient;
import io.amalgam.recipe.ParameterValue.Scalar;
import io.amalgam.recipe.Parameters;
import io.amalgam.recipe.Recipe;
import io.amalgam.recipe.Recipe.ChatTemplate;
import io.amalgam.recipe.TokenizerSection;
import io.amalgam.recipe.TokenizerSection.TokenRule;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Recipes as text in the language they are read in: reading the text gives an equal recipe, places
 * apart.
 */
public final class RecipeWriter {
    private final StringBuilder text = new StringBuilder();

    private RecipeWriter() {}

    /** The YAML of a recipe. */
    public static String write(Recipe recipe) {
        RecipeWriter writer = new RecipeWriter();
        writer.line(0, "merge_method: " + quote(recipe.method()));
        recipe.baseModel().ifPresent(base -> writer.line(0, "base_model: " + reference(base)));
        writer.subject(0, recipe.models(), recipe.slices());
        if (!recipe.modules().isEmpty()) {
            writer.line(0, "modules:");
        }
        for (ModuleSection module : recipe.modules()) {
            writer.line(1, quote(module.name()) + ":");
            writer.subject(2, module.models(), module.slices());
            writer.parameters(2, module.parameters());
        }
        writer.parameters(0, recipe.parameters());
        recipe.dtype().ifPresent(type -> writer.line(0, "dtype: " + type.recipeName()));
        recipe.outDtype().ifPresent(type -> writer.line(0, "out_dtype: " + type.recipeName()));
        recipe.quantised().ifPresent(type -> writer.line(0, "out_dtype: " + type.name()));
        recipe.tokenizer().ifPresent(writer::tokenizer);
        recipe.chatTemplate()
                .ifPresent(template -> writer.line(0, "chat_template: " + template(template)));
        return writer.text.toString();
    }

    private void subject(int depth, List<ModelEntry> models, List<OutputSlice> slices) {
        if (!models.isEmpty()) {
            line(depth, "models:");
        }
        for (ModelEntry entry : models) {
            line(depth + 1, "- model: " + reference(entry.model()));
            entry.statistics().ifPresent(file -> line(depth + 2, "statistics: " + reference(file)));
            parameters(depth + 2, entry.parameters());
        }
        if (!slices.isEmpty()) {
            line(depth, "slices:");
        }
        slices.forEach(slice -> slice(depth, slice));
    }

    private void slice(int depth, OutputSlice slice) {
        line(depth + 1, "- sources:");
        for (LayerSource source : slice.sources()) {
            line(depth + 3, "- model: " + reference(source.model()));
            line(depth + 4, "layer_range: [" + source.start() + ", " + source.end() + "]");
            parameters(depth + 4, source.parameters());
        }
        slice.baseModel().ifPresent(base -> line(depth + 2, "base_model: " + reference(base)));
        parameters(depth + 2, slice.parameters());
    }

    private void tokenizer(TokenizerSection section) {
        line(0, "tokenizer:");
        line(1, "source: " + vocabulary(section.vocabulary()));
        section.padTo().ifPresent(multiple -> line(1, "pad_to_multiple_of: " + multiple));
        if (!section.tokens().isEmpty()) {
            line(1, "tokens:");
        }
        section.tokens()
                .forEach(
                        (token, rule) -> {
                            line(2, quote(token) + ":");
                            line(3, "source: " + origin(rule.origin()));
                            line(3, "force: " + rule.force());
                        });
    }

    private static String vocabulary(TokenizerSection.Vocabulary vocabulary) {
        if (vocabulary instanceof TokenizerSection.Vocabulary.Of of) {
            // A model may be named as one of the words.
            boolean word = of.model().path().equals("union") || of.model().path().equals("base");
            return word ? mapping(of.model()) : reference(of.model());
        }
        return vocabulary instanceof TokenizerSection.Vocabulary.Union ? "union" : "base";
    }

    private static String origin(TokenRule.Origin origin) {
        if (origin instanceof TokenRule.Origin.SameToken same) {
            return reference(same.model());
        }
        if (origin instanceof TokenRule.Origin.OtherToken other) {
            String model = reference(other.model());
            String token = quote(other.token());
            return "{kind: model_token, model: " + model + ", token: " + token + "}";
        }
        if (origin instanceof TokenRule.Origin.Row row) {
            String model = reference(row.model());
            return "{kind: model_token, model: " + model + ", token_id: " + row.id() + "}";
        }
        return "{kind: zero}";
    }

    private static String template(ChatTemplate template) {
        if (template instanceof ChatTemplate.Literal literal) {
            return quote(literal.text());
        }
        return template instanceof ChatTemplate.BuiltIn builtIn ? quote(builtIn.name()) : "auto";
    }

    private void parameters(int depth, Parameters parameters) {
        if (parameters.isEmpty()) {
            return;
        }
        line(depth, "parameters:");
        for (String name : parameters.names()) {
            parameter(depth + 1, quote(name) + ":", parameters.get(name).orElseThrow());
        }
    }

    private void parameter(int depth, String key, ParameterValue value) {
        if (!(value instanceof Filtered filtered)) {
            line(depth, key + " " + plain(value));
            return;
        }
        line(depth, key);
        for (Filtered.Entry entry : filtered.entries()) {
            String filter = entry.filter().map(f -> "filter: " + quote(f) + ", ").orElse("");
            line(depth + 1, "- {" + filter + "value: " + plain(entry.value()) + "}");
        }
    }

    private static String plain(ParameterValue value) {
        if (value instanceof Gradient gradient) {
            List<String> values = gradient.values().stream().map(RecipeWriter::scalar).toList();
            return "[" + String.join(", ", values) + "]";
        }
        return scalar(((Scalar) value).value());
    }

    private static String scalar(Object value) {
        if (value instanceof Double number) {
            return number(number);
        }
        return value instanceof String string ? quote(string) : value.toString();
    }

    /** YAML 1.1 takes a number for text if its exponent has no sign. */
    private static String number(double value) {
        if (Double.isNaN(value)) {
            return ".nan";
        }
        if (Double.isInfinite(value)) {
            return value > 0 ? ".inf" : "-.inf";
        }
        return Double.toString(value).replaceFirst("E(?=\\d)", "E+");
    }

    /** Text if that is read as the same reference, else a mapping. */
    private static String reference(ModelRef ref) {
        boolean literal =
                ref.path().matches("(?s).*[+@].*")
                        || !ref.adapters().stream().allMatch(AdapterRef::readable);
        boolean plain = ref.overrideArchitecture().isEmpty() && ref.alignment().isEmpty();
        if (!literal && plain) {
            return quote(ref.toString());
        }
        return mapping(ref);
    }

    private static String alignment(Alignment alignment) {
        StringBuilder text = new StringBuilder("{");
        // What is given is not searched.
        if (!alignment.settings().containsKey("permutations")) {
            text.append("method: ").append(quote(alignment.method())).append(", ");
        }
        text.append("to: ").append(reference(alignment.to()));
        alignment
                .settings()
                .forEach((key, value) -> text.append(", " + key + ": ").append(quote(value)));
        return text.append('}').toString();
    }

    private static String mapping(ModelRef ref) {
        StringBuilder mapping = new StringBuilder("{model: ");
        mapping.append(path(ref.path(), ref.revision()));
        List<String> adapters = ref.adapters().stream().map(RecipeWriter::adapter).toList();
        if (adapters.size() == 1) {
            mapping.append(", lora: ").append(adapters.get(0));
        } else if (!adapters.isEmpty()) {
            mapping.append(", lora: [").append(String.join(", ", adapters)).append(']');
        }
        ref.overrideArchitecture()
                .ifPresent(a -> mapping.append(", override_architecture: ").append(quote(a)));
        ref.alignment().ifPresent(a -> mapping.append(", align: ").append(alignment(a)));
        return mapping.append('}').toString();
    }

    private static String adapter(AdapterRef adapter) {
        String path = path(adapter.path(), adapter.revision());
        return adapter.weight() == 1
                ? path
                : path.substring(0, path.length() - 1)
                        + ", weight: "
                        + number(adapter.weight())
                        + "}";
    }

    private static String path(String path, Optional<String> revision) {
        return "{path: "
                + quote(path)
                + revision.map(r -> ", revision: " + quote(r)).orElse("")
                + "}";
    }

    private static final Map<Character, String> ESCAPES = Map.of('"', "\\\"", '\\', "\\\\");

    /** Words stand as they are; other text is quoted. */
    private static String quote(String text) {
        boolean word =
                text.matches(
                        "[a-z][a-z0-9]*(_[a-z0-9]+)+|weight|density|linear|slerp|ties|passthrough");
        if (word) {
            return text;
        }
        if (text.chars().noneMatch(c -> c < ' ' || c > '~')) {
            return "'" + text.replace("'", "''") + "'";
        }
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean ascii = c >= ' ' && c <= '~';
            quoted.append(
                    ascii
                            ? ESCAPES.getOrDefault(c, String.valueOf(c))
                            : String.format("\\u%04x", (int) c));
        }
        return quoted.append('"').toString();
    }

    private void line(int depth, String line) {
        text.append("  ".repeat(depth)).append(line).append('\n');
    }
}
