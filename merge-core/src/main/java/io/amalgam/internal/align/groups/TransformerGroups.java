package io.amalgam.internal.align.groups;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint.ModelFacts;
import io.amalgam.internal.align.groups.Group.Units;
import io.amalgam.internal.align.groups.HeadCounts.Positions;
import io.amalgam.internal.layers.LayerName;
import io.amalgam.internal.layers.LayerStack;
import io.amalgam.internal.layers.LayerStacks;
import io.amalgam.internal.layers.NonLayerTensors;
import io.amalgam.tensor.Shape;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Groups of transformers, by the roles that names and shapes give to modules. What is not
 * understood keeps everything it may depend on where it is.
 */
final class TransformerGroups {
    /** Tensors that tell how positions enter. */
    private static final Pattern POSITIONAL =
            Pattern.compile("(?i).*(wpe|pos(ition|_|\\.)|relative|rel_|r_r_bias|slopes).*");

    /** Tensors of experts: in one for each, or in one for all. */
    private static final Pattern EXPERTS = Pattern.compile("(.*\\bexperts)\\.(\\d+\\.)?.*");

    private final Map<String, Shape> shapes;
    private final LayerStacks stacks;
    private final ModelFacts facts;
    private final HeadCounts counts;
    private final Predicate<String> transposed;
    private final int hidden;
    private final List<String> stays = new ArrayList<>();
    private final List<Group> layers = new ArrayList<>();
    private final List<Group> others = new ArrayList<>();
    private final List<Places> stream = new ArrayList<>();
    private final List<Places> writers = new ArrayList<>();
    private final Set<String> streamStays = new LinkedHashSet<>();
    private final Set<String> moved = new HashSet<>();
    private boolean read;

    private TransformerGroups(
            Map<String, Shape> shapes, Optional<ObjectNode> config, Predicate<String> transposed) {
        this.shapes = shapes;
        this.stacks = LayerStacks.of(shapes.keySet());
        this.facts = ModelFacts.of(config);
        this.transposed = transposed;
        boolean table = shapes.keySet().stream().anyMatch(n -> n.matches("(?i).*(wpe|position).*"));
        this.counts = HeadCounts.of(config, table);
        this.hidden = hidden();
    }

    static Grouping of(
            Map<String, Shape> shapes, Optional<ObjectNode> config, Predicate<String> transposed) {
        return new TransformerGroups(shapes, config, transposed).find();
    }

    /** What most attention layers read. */
    private int hidden() {
        Map<Integer, Integer> votes = new TreeMap<>();
        shapes.forEach(
                (name, shape) -> {
                    Optional<Roles> role = Roles.inAttention(Modules.owner(name));
                    boolean reads =
                            role.filter(r -> r == Roles.QUERY || r == Roles.QKV).isPresent();
                    if (reads && name.endsWith(".weight") && shape.rank() == 2) {
                        votes.merge((int) shape.dim(in(name)), 1, Integer::sum);
                    }
                });
        return votes.entrySet().stream()
                .max(Map.Entry.comparingByValue())
                .map(Map.Entry::getKey)
                .orElse(0);
    }

    private int in(String weight) {
        return transposed.test(weight) ? 0 : 1;
    }

    private int out(String weight) {
        return transposed.test(weight) ? 1 : 0;
    }

    private Grouping find() {
        if (stacks.all().size() > 1) {
            streamStays.add("the model has several stacks of layers");
        }
        if (counts.positions() == Positions.UNKNOWN
                && shapes.keySet().stream().noneMatch(n -> POSITIONAL.matcher(n).matches())) {
            // A table that is computed, of sines for example, is added to it in its own order.
            streamStays.add("neither tensors nor config.json say how positions enter");
        }
        Map<String, Map<Integer, List<String>>> byLayer = new LinkedHashMap<>();
        List<String> outside = new ArrayList<>();
        for (String name : shapes.keySet()) {
            if (NonLayerTensors.isBuffer(name)) {
                continue;
            }
            Optional<LayerName> layer = stacks.find(name);
            if (layer.isPresent()) {
                byLayer.computeIfAbsent(layer.get().stack().prefix(), unused -> new TreeMap<>())
                        .computeIfAbsent(layer.get().index(), unused -> new ArrayList<>())
                        .add(name);
            } else {
                outside.add(name);
            }
        }
        byLayer.forEach(
                (prefix, its) ->
                        its.forEach(
                                (index, names) -> {
                                    String base = prefix + index + ".";
                                    String label =
                                            byLayer.size() > 1 ? ":" + prefix + index : "" + index;
                                    layer(base, label, names);
                                }));
        new OutsideOfLayers().read(outside);
        if (!read) {
            streamStays.add("its order is that of the model's output");
        }
        Optional<Units> all = Optional.empty();
        if (streamStays.isEmpty()) {
            all = Optional.of(new Units("res", hidden, stream, writers));
        } else {
            stays.add(0, "residual stream: " + streamStays.iterator().next());
        }
        List<Group> groups = new ArrayList<>();
        all.ifPresent(groups::add);
        groups.addAll(layers);
        groups.addAll(others);
        for (Group group : groups) {
            if (all.filter(group::equals).isEmpty()) {
                group.places().forEach(place -> moved.add(place.tensor()));
            }
        }
        Set<String> anchors = new HashSet<>();
        stream.forEach(place -> anchors.add(place.tensor()));
        anchors.removeAll(moved);
        return new Grouping(
                groups, all, anchors, stays, stacks.all().stream().map(LayerStack::count).toList());
    }

    private void layer(String base, String label, List<String> names) {
        Map<String, List<String>> attention = new LinkedHashMap<>();
        List<String> rest = new ArrayList<>();
        for (String name : names) {
            Optional<String> owner = attentionOf(base, name);
            owner.ifPresentOrElse(
                    its -> attention.computeIfAbsent(its, unused -> new ArrayList<>()).add(name),
                    () -> rest.add(name));
        }
        attention.forEach(
                (owner, its) -> {
                    boolean cross = owner.matches("(?i).*(cross|encoder_attn|EncDec).*");
                    if (cross) {
                        streamStays.add("layers read another stream as well");
                    }
                    String name =
                            attention.size() == 1
                                    ? "attn" + label
                                    : "attn" + label + "." + Modules.leaf(owner);
                    attention(owner, name, its);
                });
        mlps(base, label, rest);
    }

    /** The part of a name up to the word that says attention. */
    private static Optional<String> attentionOf(String base, String name) {
        int at = base.length();
        while (true) {
            int dot = name.indexOf('.', at);
            if (dot < 0) {
                return Optional.empty();
            }
            String word = name.substring(at, dot);
            if (Roles.ATTENTION.matcher(word).matches() && !Roles.isNorm(word)) {
                return Optional.of(name.substring(0, dot));
            }
            at = dot + 1;
        }
    }

    private void attention(String owner, String name, List<String> names) {
        Map<Roles, String> modules = new EnumMap<>(Roles.class);
        List<String> further = new ArrayList<>();
        for (String tensor : names) {
            String module = Modules.owner(tensor);
            Optional<Roles> role = Roles.inAttention(module);
            String kind = tensor.substring(module.length());
            if (role.isPresent() && (kind.equals(".weight") || kind.equals(".bias"))) {
                modules.put(role.get(), module);
            } else if (module.endsWith("output.LayerNorm")) {
                vector(tensor);
            } else {
                further.add(tensor);
            }
        }
        modules.forEach((role, module) -> streamOf(role == Roles.OUTPUT, module));
        for (String tensor : further) {
            Shape shape = shapes.getOrDefault(tensor, Shape.of());
            boolean known = tensor.matches(".*\\.([qk]_(layer)?norm\\.(weight|bias)|sinks)");
            if (!known && has(shape, hidden)) {
                streamStays.add("tensor '" + tensor + "' is not known");
            }
        }
        try {
            layers.add(
                    new AttentionLayer(name, shapes, modules, further, counts, transposed).heads());
        } catch (AttentionLayer.Stays e) {
            stays.add("heads of '" + owner + "': " + e.getMessage());
        }
    }

    private static boolean has(Shape shape, long size) {
        for (long dim : shape.dims()) {
            if (dim == size) {
                return true;
            }
        }
        return false;
    }

    /** A module that reads the stream, or writes to it with its bias. */
    private void streamOf(boolean writes, String module) {
        Shape weight = shapes.get(module + ".weight");
        int axis = writes ? out(module + ".weight") : in(module + ".weight");
        if (weight == null || weight.rank() != 2 || weight.dim(axis) != hidden) {
            streamStays.add("'" + module + "' does not fit a width of " + hidden);
            return;
        }
        stream.add(Places.whole(module + ".weight", axis));
        if (writes) {
            writers.add(Places.whole(module + ".weight", axis));
        }
        if (writes && shapes.containsKey(module + ".bias")) {
            stream.add(Places.whole(module + ".bias", 0));
            writers.add(Places.whole(module + ".bias", 0));
        }
    }

    private void vector(String tensor) {
        Shape shape = shapes.getOrDefault(tensor, Shape.of());
        if (shape.rank() == 1 && shape.dim(0) == hidden) {
            stream.add(Places.whole(tensor, 0));
        } else if (shape.elements() > 1) {
            streamStays.add("tensor '" + tensor + "' is not known");
        }
    }

    private void mlps(String base, String label, List<String> names) {
        Map<String, MlpLayer> found = new LinkedHashMap<>();
        List<String> unknown = new ArrayList<>();
        for (String tensor : names) {
            String module = Modules.owner(tensor);
            String kind = tensor.substring(module.length());
            boolean plain = kind.equals(".weight") || kind.equals(".bias");
            Optional<Roles.Named> role = Roles.inMlp(module).filter(r -> plain);
            if (role.isEmpty()) {
                boolean norm = Roles.isNorm(tensor) && !Roles.isWithinMlp(module);
                if (norm) {
                    vector(tensor);
                } else {
                    unknown.add(tensor);
                }
            } else if (role.get().role() == Roles.ROUTER) {
                if (kind.equals(".weight")) {
                    streamOf(false, module);
                }
            } else {
                int cut = module.length() - role.get().words().length();
                String parent = module.substring(0, Math.max(0, cut - 1));
                found.computeIfAbsent(parent, unused -> new MlpLayer(shapes, transposed))
                        .add(role.get().role(), module);
            }
        }
        found.forEach(
                (parent, mlp) -> {
                    String name =
                            found.size() == 1
                                    ? "mlp" + label
                                    : "mlp"
                                            + label
                                            + "."
                                            + parent.substring(
                                                    Math.min(parent.length(), base.length()));
                    mlp.modules().forEach((module, writes) -> streamOf(writes, module));
                    try {
                        layers.add(mlp.units(name, unknown));
                    } catch (AttentionLayer.Stays e) {
                        stays.add("units of '" + parent + "': " + e.getMessage());
                    }
                });
        for (String tensor : unknown) {
            if (has(shapes.getOrDefault(tensor, Shape.of()), hidden)) {
                streamStays.add("tensor '" + tensor + "' is not known");
            }
        }
        experts(names);
    }

    private void experts(List<String> names) {
        Map<String, Boolean> fused = new TreeMap<>();
        for (String name : names) {
            Matcher experts = EXPERTS.matcher(name);
            if (experts.matches()) {
                fused.merge(experts.group(1), experts.group(2) == null, Boolean::logicalOr);
            }
        }
        fused.forEach(
                (owner, together) ->
                        stays.add(
                                "'%s': %s"
                                        .formatted(
                                                owner,
                                                together
                                                        ? "neither their order nor the units inside fused experts are matched"
                                                        : "the order of experts is not matched")));
    }

    /** Embeddings, last norms, poolers and heads. */
    private final class OutsideOfLayers {
        private final List<String> unknown = new ArrayList<>();

        void read(List<String> names) {
            boolean pooled = names.stream().anyMatch(n -> Roles.isPooler(Modules.owner(n)));
            between =
                    !facts.ties()
                            && names.stream().anyMatch(n -> Roles.isTransform(Modules.owner(n)));
            List<Places> pool = new ArrayList<>();
            List<Places> poolReaders = new ArrayList<>();
            for (String name : names) {
                Shape shape = shapes.getOrDefault(name, Shape.of());
                String module = Modules.owner(name);
                int rank = shape.rank();
                boolean bias = name.endsWith("bias") && rank == 1;
                if (Roles.isTransform(module) && fits(shape, name)) {
                    transform(name);
                } else if (Roles.isTransformNorm(module)) {
                    transformed(name);
                } else if (Roles.isPooler(module)) {
                    pool.add(Places.whole(name, 0));
                    if (!bias) {
                        streamOf(false, module);
                    }
                } else if (rank == 2 && module.endsWith("classifier.out_proj") && pooled) {
                    poolReaders.add(Places.whole(name, in(name)));
                } else if (Roles.isHead(module) && rank == 2) {
                    boolean ofPool =
                            pooled && !NonLayerTensors.isHead(name) && !module.endsWith("decoder");
                    if (ofPool) {
                        poolReaders.add(Places.whole(name, in(name)));
                    } else {
                        head(name, module);
                    }
                } else if (bias && Roles.isBiasOfHead(module)) {
                    continue; // One number for each class or token.
                } else if (Roles.isPatch(name) && (rank == 4 || bias) && shape.dim(0) == hidden) {
                    stream.add(Places.whole(name, 0));
                    writers.add(Places.whole(name, 0));
                } else if (Roles.isEmbedding(name) && rank >= 1 && !Roles.isNorm(module)) {
                    if (shape.dim(rank - 1) == hidden) {
                        stream.add(Places.whole(name, rank - 1));
                        writers.add(Places.whole(name, rank - 1));
                    } else {
                        unknown.add(name);
                    }
                } else if (Roles.isNorm(name) && rank == 1) {
                    vector(name);
                } else {
                    unknown.add(name);
                }
            }
            pool(pool, poolReaders);
            if (!transforms.isEmpty() && !readers.isEmpty()) {
                List<Places> both = new ArrayList<>(transforms);
                both.addAll(readers);
                others.add(new Units("transform", hidden, both, transforms));
            }
            boolean tied = facts.ties() && facts.architecture().matches(".*(LM|Pre[Tt]raining).*");
            read |= tied;
            for (String name : unknown) {
                if (has(shapes.getOrDefault(name, Shape.of()), hidden)) {
                    streamStays.add("tensor '" + name + "' is not known");
                }
            }
        }

        private boolean fits(Shape shape, String name) {
            return shape.rank() == 1 || (shape.rank() == 2 && shape.dim(in(name)) == hidden);
        }

        private void head(String name, String module) {
            boolean behindTransform =
                    between && (module.endsWith("decoder") || NonLayerTensors.isHead(name));
            if (behindTransform) {
                readers.add(Places.whole(name, in(name)));
                read = true;
            } else {
                streamOf(false, module);
                read = true;
            }
        }

        private final List<Places> transforms = new ArrayList<>();
        private final List<Places> readers = new ArrayList<>();
        private boolean between;

        /** With a tied decoder, the order of the embeddings on both sides. */
        private void transform(String name) {
            int rank = shapes.getOrDefault(name, Shape.of()).rank();
            if (rank == 2) {
                stream.add(Places.whole(name, in(name)));
            }
            transformed(name);
        }

        private void transformed(String name) {
            int rank = shapes.getOrDefault(name, Shape.of()).rank();
            if (facts.ties()) {
                stream.add(Places.whole(name, rank == 2 ? out(name) : 0));
                writers.add(Places.whole(name, rank == 2 ? out(name) : 0));
                read = true;
            } else {
                transforms.add(Places.whole(name, rank == 2 ? out(name) : 0));
            }
        }

        private void pool(List<Places> pool, List<Places> readers) {
            if (pool.isEmpty()) {
                return;
            }
            if (readers.isEmpty()) {
                stays.add("units of the pooler: their order is that of the model's output");
                return;
            }
            read = true;
            List<Places> all = new ArrayList<>(pool);
            all.addAll(readers);
            others.add(new Units("pool", hidden, all, pool));
        }
    }
}
