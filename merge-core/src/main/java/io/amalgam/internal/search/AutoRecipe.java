package io.amalgam.internal.search;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * A recipe that nobody has written: the weight of each model's task vector, apart for attention,
 * MLPs and all other tensors. Where a model has none of these, apart for each of its modules, if
 * they are few. It begins at the plain average.
 */
public final class AutoRecipe {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> ATTENTION = List.of("self_attn", "attention", "attn");
    private static final List<String> MLP =
            List.of("mlp", "feed_forward", "ffn", "block_sparse_moe", "intermediate");
    private static final int MOST_MODULES = 6;

    private AutoRecipe() {}

    /** Tensors whose names contain a text, under a name for the places. */
    private record Group(String name, String filter) {}

    /**
     * The recipe with its ranges.
     *
     * @param models as on the command line; at least one
     * @param tensors names of the base's
     */
    public static String of(String base, List<String> models, Collection<String> tensors) {
        List<Group> groups = groups(tensors);
        StringBuilder text = new StringBuilder("merge_method: task_arithmetic\n");
        text.append("base_model: ").append(reference(base)).append("\nmodels:\n");
        StringBuilder ranges = new StringBuilder("search:\n");
        String range =
                String.format(
                        Locale.ROOT,
                        ": {range: [0, 1], start: %s}\n",
                        Math.round(1e4 / models.size()) / 1e4);
        Set<String> taken = new LinkedHashSet<>();
        for (String model : models) {
            String name = name(model, taken);
            text.append("  - model: ").append(reference(model));
            text.append("\n    parameters:\n      weight:\n");
            for (Group group : groups) {
                String place = name + "_" + group.name();
                if (!group.filter().isEmpty()) {
                    text.append("        - filter: ").append(quoted(group.filter()));
                    text.append("\n          value: ${").append(place).append("}\n");
                } else {
                    text.append("        - value: ${").append(place).append("}\n");
                }
                ranges.append("  ").append(place).append(range);
            }
        }
        return text.append(ranges).toString();
    }

    private static List<Group> groups(Collection<String> tensors) {
        List<Group> groups = new ArrayList<>();
        find(ATTENTION, tensors).ifPresent(f -> groups.add(new Group("attention", f)));
        find(MLP, tensors).ifPresent(f -> groups.add(new Group("mlp", f)));
        if (groups.isEmpty()) {
            Set<String> modules = new LinkedHashSet<>();
            for (String tensor : tensors.stream().sorted().toList()) {
                modules.add(tensor.substring(0, tensor.lastIndexOf('.') + 1));
            }
            modules.remove("");
            if (modules.size() > 1 && modules.size() <= MOST_MODULES) {
                Set<String> taken = new LinkedHashSet<>();
                modules.forEach(m -> groups.add(new Group(name(m, taken), m)));
                // What is in the last one is all that is left.
                groups.set(groups.size() - 1, new Group(groups.get(groups.size() - 1).name(), ""));
                return groups;
            }
        }
        groups.add(new Group(groups.isEmpty() ? "all" : "rest", ""));
        return groups;
    }

    private static Optional<String> find(List<String> filters, Collection<String> tensors) {
        return filters.stream()
                .filter(filter -> tensors.stream().anyMatch(name -> name.contains(filter)))
                .findFirst();
    }

    /** The end of a path as a name for places, each once. */
    private static String name(String path, Set<String> taken) {
        String end = path.replaceAll("[/\\\\.]+$", "").replaceAll(".*[/\\\\]", "");
        String name = end.replaceAll("[^A-Za-z0-9]+", "_").replaceAll("^(?=[0-9]|$)", "m");
        String free = name;
        for (int i = 2; !taken.add(free); i++) {
            free = name + i;
        }
        return free;
    }

    /** A path that exists is taken as it is; else it may be a name with a revision or adapters. */
    private static String reference(String model) {
        try {
            if (Files.exists(Path.of(model))) {
                return "{model: {path: " + quoted(model) + "}}";
            }
        } catch (InvalidPathException e) {
            // A name.
        }
        return quoted(model);
    }

    private static String quoted(String text) {
        try {
            return JSON.writeValueAsString(text);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
