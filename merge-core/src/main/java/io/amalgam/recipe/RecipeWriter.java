package io.amalgam.recipe;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Recipes made in code as text that reads back to the same recipe. */
public final class RecipeWriter {
    private RecipeWriter() {}

    /**
     * The recipe as YAML. Models are paths as they stand: adapters and revisions are not written.
     */
    public static String text(Recipe recipe) {
        StringBuilder text = new StringBuilder();
        text.append("merge_method: ").append(recipe.method()).append('\n');
        recipe.baseModel()
                .ifPresent(m -> text.append("base_model: ").append(model(m)).append('\n'));
        if (!recipe.models().isEmpty()) {
            text.append("models:\n");
        }
        for (ModelEntry entry : recipe.models()) {
            text.append("  - {model: ").append(model(entry.model()));
            text.append(parameters(", parameters: ", entry.parameters())).append("}\n");
        }
        if (!recipe.slices().isEmpty()) {
            text.append("slices:\n");
        }
        for (OutputSlice slice : recipe.slices()) {
            text.append("  - sources:\n");
            for (Source source : slice.sources()) {
                text.append("      - {model: ").append(model(source.model()));
                text.append(", layer_range: [").append(source.start());
                text.append(", ").append(source.end()).append(']');
                text.append(parameters(", parameters: ", source.parameters())).append("}\n");
            }
            text.append(parameters("    parameters: ", slice.parameters()));
            text.append(slice.parameters().isEmpty() ? "" : "\n");
            slice.baseModel()
                    .ifPresent(m -> text.append("    base_model: ").append(model(m)).append('\n'));
        }
        text.append(parameters("parameters: ", recipe.parameters()));
        text.append(recipe.parameters().isEmpty() ? "" : "\n");
        recipe.dtype().ifPresent(t -> text.append("dtype: ").append(t.recipeName()).append('\n'));
        recipe.outDtype()
                .ifPresent(t -> text.append("out_dtype: ").append(t.recipeName()).append('\n'));
        return text.toString();
    }

    private static String model(ModelRef ref) {
        boolean plain = !ref.path().contains("+") && !ref.path().contains("@");
        return plain ? quoted(ref.path()) : "{model: {path: " + quoted(ref.path()) + "}}";
    }

    private static String parameters(String before, Parameters parameters) {
        if (parameters.isEmpty()) {
            return "";
        }
        List<String> entries = new ArrayList<>();
        for (String name : parameters.names()) {
            entries.add(name + ": " + value(parameters.get(name).orElseThrow()));
        }
        return before + "{" + String.join(", ", entries) + "}";
    }

    private static String value(ParameterValue value) {
        if (value instanceof Scalar scalar) {
            return scalar(scalar.value());
        }
        if (value instanceof Gradient gradient) {
            return gradient.values().stream()
                    .map(RecipeWriter::scalar)
                    .collect(Collectors.joining(", ", "[", "]"));
        }
        List<String> entries = new ArrayList<>();
        for (Filtered.Entry entry : ((Filtered) value).entries()) {
            String filter = entry.filter().map(f -> "filter: " + quoted(f) + ", ").orElse("");
            entries.add("{" + filter + "value: " + value(entry.value()) + "}");
        }
        return "[" + String.join(", ", entries) + "]";
    }

    private static String scalar(Object value) {
        return value instanceof String text ? quoted(text) : String.valueOf(value);
    }

    /** Double quotes: no escapes but these are needed, and control characters keep to one line. */
    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                quoted.append('\\').append(c);
            } else if (Character.isISOControl(c) || c == '\u2028' || c == '\u2029') {
                quoted.append(String.format("\\u%04x", (int) c));
            } else {
                quoted.append(c);
            }
        }
        return quoted.append('"').toString();
    }
}
