package io.amalgam.internal.lora.apply;

import io.amalgam.checkpoint.Checkpoint.ModelFacts;
import io.amalgam.error.Suggestions;
import io.amalgam.internal.layers.NameMatcher;
import io.amalgam.internal.lora.ModuleNames;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Finds the base's tensor that an adapter means: by name as it is, in another spelling of the
 * architecture ({@link NameMatcher}), without or with the prefix of a pipeline's part, or with
 * {@code _} for every {@code .}, as kohya's trainer writes.
 */
final class ModuleMatcher {
    private static final String WEIGHT = ".weight";

    /** What adapters put before the names of a base that is stored alone. */
    private static final List<String> PREFIXES =
            List.of(
                    "base_model.model.",
                    "model.diffusion_model.",
                    "diffusion_model.",
                    "transformer.",
                    "unet.",
                    "text_encoder.",
                    "text_encoder_2.",
                    "model.");

    private static final List<String> FLAT_PREFIXES =
            List.of(
                    "lora_unet_",
                    "lora_transformer_",
                    "lora_te_",
                    "lora_te1_",
                    "lora_te2_",
                    "lora_te3_",
                    "lycoris_",
                    "lora_");

    private static final Pattern NUMBER = Pattern.compile("\\.(\\d{1,8})\\.");

    private final Set<String> tensors;
    private final NameMatcher spellings;
    private final PipelineNames pipeline;

    /** The files' names, by what the modules call them where that is something else. */
    private final Map<String, String> renamed = new LinkedHashMap<>();

    private final Map<String, List<String>> flat = new HashMap<>();

    /**
     * @param names the base's tensors
     * @param modules what today's modules call them
     */
    ModuleMatcher(Collection<String> names, ModuleNames modules) {
        tensors = new LinkedHashSet<>(names);
        spellings = new NameMatcher(names);
        pipeline = new PipelineNames(tensors);
        for (String name : names) {
            renamed.put(modules.of(name), name);
            if (name.endsWith(WEIGHT)) {
                String module = name.substring(0, name.length() - WEIGHT.length());
                flat.computeIfAbsent(module.replace('.', '_'), unused -> new ArrayList<>())
                        .add(name);
            }
        }
    }

    /** The weight of a module; empty where there is none, or more than one could be meant. */
    Optional<String> weight(String module) {
        Optional<String> part =
                part(module).filter(t -> t.third().isEmpty()).map(PipelineNames.Target::tensor);
        if (pipeline.speaksOf(module)) {
            return part;
        }
        return tensor(module + WEIGHT).or(() -> flattened(module)).or(() -> part);
    }

    /** What a module means in a pipeline; may be a third of a tensor's rows. */
    Optional<PipelineNames.Target> part(String module) {
        return pipeline.find(module);
    }

    /** Modules of an adapter that are of other parts of a pipeline than the base is. */
    Set<String> elsewhere(Collection<String> modules) {
        return pipeline.elsewhere(modules);
    }

    /**
     * The modules with a weight by today's names. Layers behind those that the settings count are
     * not built by the libraries that train adapters, nor are projections that layers share.
     */
    Map<String, String> modules(ModelFacts facts) {
        long layers = facts.ownLayers() < 0 ? Long.MAX_VALUE : facts.ownLayers();
        Map<String, String> modules = new LinkedHashMap<>();
        renamed.forEach(
                (module, tensor) -> {
                    Matcher number = NUMBER.matcher(module);
                    boolean built = !number.find() || Integer.parseInt(number.group(1)) < layers;
                    if (module.endsWith(WEIGHT) && built) {
                        modules.put(module.substring(0, module.length() - WEIGHT.length()), tensor);
                    }
                });
        return modules;
    }

    /** A tensor by its whole name, in any spelling. */
    Optional<String> exact(String name) {
        return tensors.contains(name)
                ? Optional.of(name)
                : Optional.ofNullable(renamed.get(name)).or(() -> spellings.find(name));
    }

    /** A tensor by its whole name, which may lack or have a prefix. */
    Optional<String> tensor(String name) {
        Optional<String> spelt = exact(name);
        if (spelt.isPresent()) {
            return spelt;
        }
        Set<String> found = new LinkedHashSet<>();
        for (String prefix : PREFIXES) {
            if (name.startsWith(prefix) && tensors.contains(name.substring(prefix.length()))) {
                found.add(name.substring(prefix.length()));
            }
            if (tensors.contains(prefix + name)) {
                found.add(prefix + name);
            }
        }
        if (found.isEmpty()) {
            String ending = "." + name;
            tensors.stream().filter(t -> t.endsWith(ending)).forEach(found::add);
        }
        return one(found);
    }

    private Optional<String> flattened(String module) {
        if (module.contains(".")) {
            return Optional.empty();
        }
        Set<String> found = new LinkedHashSet<>();
        for (String prefix : FLAT_PREFIXES) {
            if (module.startsWith(prefix)) {
                String rest = module.substring(prefix.length());
                found.addAll(flat.getOrDefault(rest, List.of()));
                if (found.isEmpty()) {
                    flat.forEach(
                            (name, full) -> {
                                if (name.endsWith("_" + rest)) {
                                    found.addAll(full);
                                }
                            });
                }
                break;
            }
        }
        return one(found);
    }

    private static Optional<String> one(Set<String> found) {
        return found.size() == 1 ? Optional.of(found.iterator().next()) : Optional.empty();
    }

    /** The module whose name is most like this one, for messages. */
    Optional<String> nearest(String module) {
        boolean dotted = module.contains(".");
        List<String> known = new ArrayList<>();
        for (String name : tensors) {
            if (name.endsWith(WEIGHT)) {
                String bare = name.substring(0, name.length() - WEIGHT.length());
                known.add(dotted ? bare : bare.replace('.', '_'));
            }
        }
        known.sort(null);
        return Suggestions.nearest(module, known);
    }
}
