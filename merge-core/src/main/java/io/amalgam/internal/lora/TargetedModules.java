package io.amalgam.internal.lora;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.Problem;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.PatternSyntaxException;

/**
 * The modules that {@code target_modules}, {@code exclude_modules} and {@code layers_to_transform}
 * name, as PEFT reads them. It leaves factors of other modules unread.
 */
public final class TargetedModules {
    private static final String ALL = "all-linear";

    private final ObjectNode config;
    private final JsonNode targets;
    private final JsonNode excluded;

    public TargetedModules(ObjectNode config) {
        this.config = config;
        this.targets = config.path("target_modules");
        this.excluded = config.path("exclude_modules");
    }

    /** Warns of factors of modules that the settings do not name. */
    public Optional<Problem> others(Path file, Collection<LoraModule> modules) {
        boolean tying = config.path("ensure_weight_tying").asBoolean(false);
        List<String> others = new ArrayList<>();
        for (LoraModule module : modules) {
            boolean parameter = module.experts().isPresent() || holdsTargetParameter(module.name());
            // Of tied tensors both have factors, if the settings name one.
            boolean tied = tying || module.kind() == LoraModule.Kind.EMBEDDING;
            if (!parameter && !names(module.name(), tied)) {
                others.add(module.name());
            }
        }
        return others.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        Problem.expected(
                                        "adapter",
                                        "factors of modules that the settings name ('target_modules',"
                                                + " 'exclude_modules', 'layers_to_transform')",
                                        "those of "
                                                + others.size()
                                                + (others.size() == 1 ? " other" : " others")
                                                + ", such as '"
                                                + others.get(0)
                                                + "'")
                                .at("'" + file + "'")
                                .hint(
                                        "they are merged, PEFT would ignore them; correct the settings"));
    }

    private boolean holdsTargetParameter(String module) {
        for (JsonNode parameter : config.path("target_parameters")) {
            String name = parameter.asText();
            int dot = name.lastIndexOf('.');
            if (dot < 0 || ends(module, name.substring(0, dot))) {
                return true;
            }
        }
        return false;
    }

    /** Whether the settings name some modules one by one. */
    boolean isList() {
        return targets.isArray() && !targets.isEmpty();
    }

    /**
     * Whether the settings name a module.
     *
     * @param unlisted what is said of one that is neither a target nor excluded
     */
    boolean names(String module, boolean unlisted) {
        if (excluded.isTextual() ? matches(excluded.asText(), module) : listed(excluded, module)) {
            return false;
        }
        if (targets.isTextual()) {
            String text = targets.asText();
            return unlisted || text.equalsIgnoreCase(ALL) || matches(text, module);
        }
        if (!isList()) {
            return true;
        }
        for (JsonNode target : targets) {
            if (target.asText().equals(module)) {
                return true;
            }
        }
        return listed(targets, module) ? transformed(module) : unlisted;
    }

    private static boolean listed(JsonNode names, String module) {
        for (JsonNode name : names) {
            if (ends(module, name.asText())) {
                return true;
            }
        }
        return false;
    }

    private static boolean ends(String module, String name) {
        return module.equals(name) || module.endsWith("." + name);
    }

    /** What Java cannot read as an expression is not judged. */
    private static boolean matches(String expression, String module) {
        try {
            return PythonPattern.compile(expression).matcher(module).matches();
        } catch (PatternSyntaxException e) {
            return true;
        }
    }

    /** Whether the first number in a name, or the one after a pattern, is of a layer to change. */
    private boolean transformed(String module) {
        JsonNode layers = config.path("layers_to_transform");
        if (layers.isMissingNode() || layers.isNull() || (layers.isArray() && layers.isEmpty())) {
            return true;
        }
        JsonNode pattern = config.path("layers_pattern");
        List<String> before = new ArrayList<>();
        if (pattern.isTextual() && !pattern.asText().isEmpty()) {
            before.add("(?:^|.*?\\.)" + pattern.asText());
        }
        pattern.forEach(each -> before.add("(?:^|.*?\\.)" + each.asText()));
        if (before.isEmpty()) {
            before.add(".*?\\.[^.]*");
        }
        try {
            for (String each : before) {
                Matcher layer =
                        PythonPattern.compile(each + "\\.(?P<layer>\\d{1,9})\\.").matcher(module);
                if (layer.lookingAt()) {
                    int number = Integer.parseInt(layer.group(layer.groupCount()));
                    return layers.isArray() ? has(layers, number) : layers.asInt(-1) == number;
                }
            }
        } catch (PatternSyntaxException e) {
            return true;
        }
        return false;
    }

    private static boolean has(JsonNode layers, int number) {
        for (JsonNode layer : layers) {
            if (layer.asInt(-1) == number) {
                return true;
            }
        }
        return false;
    }
}
