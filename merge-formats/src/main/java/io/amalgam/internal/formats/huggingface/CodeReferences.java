package io.amalgam.internal.formats.huggingface;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.internal.formats.files.FileNames;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The classes of a model's own code that a settings file names, as {@code module.Class} or {@code
 * repository--module.Class}: values of {@code auto_map}, wherever it stands, and of {@code
 * custom_pipelines}.
 */
final class CodeReferences {
    private static final Pattern MODULE = Pattern.compile("[\\p{L}_][\\p{L}\\p{N}_-]*");
    private static final String ELSEWHERE = "--";

    private CodeReferences() {}

    /**
     * @param repository where the module is; empty for one beside the settings
     * @param module without {@code .py}
     */
    record Reference(String repository, String module) {
        /** The file's name; empty if the module's name is none, such as a path. */
        Optional<String> file() {
            return MODULE.matcher(module).matches() && FileNames.isPlain(module + ".py")
                    ? Optional.of(module + ".py")
                    : Optional.empty();
        }
    }

    static Set<Reference> in(JsonNode settings) {
        List<String> values = new ArrayList<>();
        collect(settings, values);
        Set<Reference> found = new LinkedHashSet<>();
        values.forEach(value -> found.add(of(value)));
        return found;
    }

    static Reference of(String value) {
        int split = value.indexOf(ELSEWHERE);
        String repository = split < 0 ? "" : value.substring(0, split);
        String name = split < 0 ? value : value.substring(split + ELSEWHERE.length());
        int dot = name.lastIndexOf('.');
        return new Reference(repository, dot < 0 ? name : name.substring(0, dot));
    }

    private static void collect(JsonNode node, List<String> values) {
        for (Map.Entry<String, JsonNode> field : node.properties()) {
            switch (field.getKey()) {
                case "auto_map" -> texts(field.getValue(), values);
                case "custom_pipelines" ->
                        field.getValue().forEach(task -> texts(task.path("impl"), values));
                default -> collect(field.getValue(), values);
            }
        }
        if (node.isArray()) {
            node.forEach(item -> collect(item, values));
        }
    }

    /** All texts of a value: of a slow and a fast tokenizer there is a list, with null for none. */
    private static void texts(JsonNode node, List<String> values) {
        if (node.isTextual()) {
            values.add(node.textValue());
        }
        node.forEach(inside -> texts(inside, values));
    }
}
