package io.amalgam.internal.layers;

import io.amalgam.error.Problem;
import io.amalgam.error.Suggestions;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * The parts of a checkpoint, found in its tensor names: every tensor belongs to one.
 *
 * <p>A stack has all that stands beside it: it owns the longest part of its path that no other
 * stack shares ({@code encoder.final_layer_norm} is the stack's {@code encoder.block.N}). What no
 * stack owns is grouped by the first segment that leads to no stack ({@code shared}, {@code
 * multi_modal_projector}), and so is what joins one part to another inside of a stack's path
 * ({@code visual.merger}). An output head belongs to what has the embedding. A model with one stack
 * or none has one part.
 */
public final class ModelParts {
    /** A model's only part, or all parts without layers that are not named one by one. */
    public static final String DEFAULT = "default";

    private final LayerStacks stacks;
    private final Map<String, ModelPart> byPath = new LinkedHashMap<>();
    private final Map<String, String> paths = new LinkedHashMap<>();

    private ModelParts(LayerStacks stacks) {
        this.stacks = stacks;
    }

    /** Finds the parts among these tensor names. */
    public static ModelParts of(Collection<String> names, LayerStacks stacks) {
        ModelParts parts = new ModelParts(stacks);
        if (stacks.all().size() <= 1) {
            Optional<LayerStack> only = stacks.all().stream().findFirst();
            parts.byPath.put("", new ModelPart(DEFAULT, "", only, Set.of()));
            names.forEach(name -> parts.paths.put(name, ""));
        } else {
            parts.split(names);
        }
        return parts;
    }

    /** All parts, in the order of their first tensors. */
    public List<ModelPart> all() {
        return List.copyOf(byPath.values());
    }

    /** The part a tensor belongs to; empty if the checkpoint has no such tensor. */
    public Optional<ModelPart> of(String tensor) {
        return Optional.ofNullable(paths.get(tensor)).map(byPath::get);
    }

    /**
     * What a recipe's name for a part means: the part with that name, path or stack; else the one
     * whose path has it as a segment; else the one of that kind ({@code text_decoder}, {@code
     * vision_tower}). {@link #DEFAULT} means all parts without layers.
     *
     * @return none if there is no such part; several that have layers if the name says too little;
     *     several without layers are meant together
     */
    public List<ModelPart> named(String name) {
        String plain = name.replaceFirst("\\.(N\\.?)?$", "");
        if (plain.equals(DEFAULT) && !byPath.containsKey("")) {
            return byPath.values().stream().filter(part -> part.stack().isEmpty()).toList();
        }
        List<ModelPart> exact = new ArrayList<>();
        List<ModelPart> inside = new ArrayList<>();
        List<ModelPart> alike = new ArrayList<>();
        String kind = PartSynonyms.kindIn(plain).orElse("");
        for (ModelPart part : byPath.values()) {
            String stack = part.stack().map(s -> withoutDot(s.prefix())).orElse(part.path());
            if (plain.equals(part.name()) || plain.equals(part.path()) || plain.equals(stack)) {
                exact.add(part);
            }
            if (!plain.isEmpty() && ("." + stack + ".").contains("." + plain + ".")) {
                inside.add(part);
            }
            if (part.words().contains(kind)) {
                alike.add(part);
            }
        }
        if (!exact.isEmpty() || !inside.isEmpty()) {
            return !exact.isEmpty() ? exact : inside;
        }
        // A projection into the text's space is no language model.
        List<ModelPart> layered = alike.stream().filter(p -> p.stack().isPresent()).toList();
        return layered.isEmpty() ? alike : layered;
    }

    /** That there is no part of this name. */
    public Problem unknown(String module, String model) {
        List<String> names = all().stream().map(ModelPart::name).toList();
        String near =
                Suggestions.nearest(module, names)
                        .map(part -> "did you mean '" + part + "'? ")
                        .orElse("");
        return Problem.of("model '" + model + "' has no module '" + module + "'")
                .hint(near + "it has " + describe(all()));
    }

    /** That a name means several parts with layers. */
    public static Problem ambiguous(String module, String model, List<ModelPart> meant) {
        return Problem.expected(
                        "module '" + module + "' of model '" + model + "'",
                        "a name of one part",
                        "a name of " + describe(meant))
                .hint("write one of these");
    }

    /** Parts as messages list them. */
    public static String describe(List<ModelPart> parts) {
        return String.join(", ", parts.stream().map(ModelPart::describe).toList());
    }

    private void split(Collection<String> names) {
        Map<String, LayerStack> owners = owners();
        Map<String, Boolean> heads = new LinkedHashMap<>();
        for (String name : names) {
            String path = path(name, owners);
            paths.put(name, path);
            boolean loose = !owners.containsKey(path);
            heads.merge(path, loose && NonLayerTensors.isHead(name), Boolean::logicalOr);
        }
        Optional<String> embedding = embedding(owners);
        Map<String, String> joined = new LinkedHashMap<>();
        heads.forEach((path, head) -> joined.put(path, head ? embedding.orElse(path) : path));
        paths.replaceAll((name, path) -> Objects.requireNonNull(joined.get(path)));
        describe(new LinkedHashSet<>(paths.values()), owners);
    }

    /** Each stack by the path of what it owns. */
    private Map<String, LayerStack> owners() {
        List<LayerStack> worded = stacks.all().stream().filter(LayerStacks::isWorded).toList();
        List<LayerStack> major = worded.isEmpty() ? stacks.all() : worded;
        Map<String, LayerStack> owners = new LinkedHashMap<>();
        for (LayerStack stack : stacks.all()) {
            String path = withoutDot(stack.prefix());
            if (major.contains(stack)) {
                owners.put(root(stack, major), stack);
            } else if (!joins(path)) {
                owners.put(path, stack);
            }
        }
        return owners;
    }

    private static String root(LayerStack stack, List<LayerStack> others) {
        String prefix = stack.prefix();
        for (int dot = prefix.indexOf('.'); dot >= 0; dot = prefix.indexOf('.', dot + 1)) {
            String ancestor = prefix.substring(0, dot + 1);
            boolean shared =
                    others.stream()
                            .anyMatch(o -> !o.equals(stack) && o.prefix().startsWith(ancestor));
            if (!shared) {
                return prefix.substring(0, dot);
            }
        }
        return withoutDot(prefix);
    }

    private String path(String name, Map<String, LayerStack> owners) {
        Optional<LayerStack> layers = stacks.find(name).map(LayerName::stack);
        for (Map.Entry<String, LayerStack> owner : owners.entrySet()) {
            if (layers.isPresent() && layers.get().equals(owner.getValue())) {
                return owner.getKey();
            }
        }
        String owner = "";
        for (String path : owners.keySet()) {
            if (name.startsWith(path + ".") && path.length() > owner.length()) {
                owner = path;
            }
        }
        // A name's last segment is the parameter's, not a part's.
        int end = name.lastIndexOf('.');
        for (int dot = name.indexOf('.', owner.length() + 1); dot >= 0 && dot <= end; ) {
            String path = name.substring(0, dot);
            if (joins(path.substring(owner.length()))) {
                return path;
            }
            if (owner.isEmpty() && owners.keySet().stream().noneMatch(o -> leads(path, o))) {
                return path;
            }
            dot = name.indexOf('.', dot + 1);
        }
        return owner.isEmpty() ? name : owner;
    }

    private static boolean leads(String path, String owner) {
        return owner.startsWith(path + ".");
    }

    private static boolean joins(String path) {
        return PartSynonyms.of(path).contains(PartSynonyms.PROJECTOR);
    }

    /**
     * Where the vocabulary's embedding is: outside of the stacks, or in the only one that has it.
     */
    private Optional<String> embedding(Map<String, LayerStack> owners) {
        Set<String> loose = new LinkedHashSet<>();
        Set<String> owned = new LinkedHashSet<>();
        paths.forEach(
                (name, path) -> {
                    if (NonLayerTensors.isEmbedding(name)) {
                        (owners.containsKey(path) ? owned : loose).add(path);
                    }
                });
        Set<String> found = loose.isEmpty() ? owned : loose;
        return found.size() == 1 ? found.stream().findFirst() : Optional.empty();
    }

    private void describe(Set<String> found, Map<String, LayerStack> owners) {
        Set<String> once = new HashSet<>();
        Set<String> often = new HashSet<>();
        found.forEach(path -> (once.add(last(path)) ? once : often).add(last(path)));
        for (String path : found) {
            String name = often.contains(last(path)) ? path : last(path);
            Optional<LayerStack> stack = Optional.ofNullable(owners.get(path));
            Set<String> words = PartSynonyms.of(path);
            if (stack.isPresent() && isText(path, owners.keySet())) {
                words.add(PartSynonyms.TEXT);
            }
            byPath.put(path, new ModelPart(name, path, stack, words));
        }
    }

    /** Beside parts that see or hear, the one that says nothing of itself is the language model. */
    private static boolean isText(String path, Set<String> owners) {
        List<String> beside = new ArrayList<>();
        for (String other : owners) {
            if (parent(other).equals(parent(path))) {
                beside.add(other);
            }
        }
        List<String> others = beside.stream().filter(o -> !senses(o)).toList();
        return others.equals(List.of(path)) && beside.size() > 1;
    }

    private static boolean senses(String path) {
        Set<String> words = PartSynonyms.of(path);
        return words.contains(PartSynonyms.VISION) || words.contains(PartSynonyms.AUDIO);
    }

    private static String parent(String path) {
        return path.substring(0, Math.max(0, path.lastIndexOf('.')));
    }

    private static String last(String path) {
        return path.substring(path.lastIndexOf('.') + 1);
    }

    private static String withoutDot(String prefix) {
        return prefix.substring(0, prefix.length() - 1);
    }
}
