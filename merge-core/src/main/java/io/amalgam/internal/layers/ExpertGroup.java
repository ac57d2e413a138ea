package io.amalgam.internal.layers;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The tensors of the experts of one layer: all in one, or one each. */
final class ExpertGroup {
    private static final Pattern FUSED =
            Pattern.compile("(.*experts)\\.(gate_up_proj|up_proj|down_proj)");
    private static final Pattern BIAS =
            Pattern.compile("(.*experts)\\.(?:\\d+\\.\\w+\\.bias|\\w+_bias)");

    /** Which way the matrices in a fused tensor lie. */
    enum Way {
        /** {@code out x in}, as an expert's own. */
        LINEAR,
        /** {@code in x out}. */
        TRANSPOSED
    }

    /** The names of its tensors, by what they are in the maps below. */
    private final Map<String, String> names = new LinkedHashMap<>();

    private final Map<String, TensorSource> fused = new LinkedHashMap<>();
    private final Map<String, TreeMap<Integer, TensorSource>> single = new LinkedHashMap<>();
    private boolean biased;

    /** All of a model, by the module of the experts. */
    static Map<String, ExpertGroup> of(Map<String, ? extends TensorSource> tensors) {
        Map<String, ExpertGroup> groups = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> add(name, tensor, groups));
        groups.values().removeIf(group -> group.fused.isEmpty() && group.single.isEmpty());
        return groups;
    }

    private static void add(String name, TensorSource tensor, Map<String, ExpertGroup> groups) {
        if (!name.contains("experts.")) {
            return;
        }
        int rank = tensor.info().shape().rank();
        Matcher all = FUSED.matcher(name);
        Matcher bias = BIAS.matcher(name);
        Optional<ExpertNames.Single> one = ExpertNames.Single.of(name);
        if (all.matches() && rank == 3) {
            ExpertGroup group = group(all.group(1), groups);
            group.fused.put(all.group(2), tensor);
            group.names.put(all.group(2), name);
        } else if (bias.matches()) {
            group(bias.group(1), groups).biased = true;
        } else if (one.isPresent() && rank == 2 && name.endsWith(".weight")) {
            ExpertNames.Single single = one.get();
            ExpertGroup group = group(single.experts(), groups);
            group.single
                    .computeIfAbsent(single.matrix(), unused -> new TreeMap<>())
                    .put(single.expert(), tensor);
            group.names.put(single.matrix() + "." + single.expert(), name);
        }
    }

    private static ExpertGroup group(String module, Map<String, ExpertGroup> groups) {
        return groups.computeIfAbsent(module, unused -> new ExpertGroup());
    }

    Map<String, TensorSource> fused() {
        return fused;
    }

    /** Whether it has biases: then a gate's rows may alternate with those of what it gates. */
    boolean biased() {
        return biased;
    }

    /** The names of its matrices. */
    Iterable<String> names() {
        return names.values();
    }

    /** What experts' own matrices of a fused tensor are called here, if they are there. */
    Optional<List<String>> way(String parameter) {
        return ExpertNames.single(parameter).stream()
                .filter(way -> single.keySet().containsAll(way))
                .findFirst();
    }

    /** An expert's matrices, in the order they have in a fused tensor. */
    List<TensorSource> matrices(List<String> way, int expert) {
        return way.stream()
                .flatMap(matrix -> Optional.ofNullable(singles(matrix).get(expert)).stream())
                .toList();
    }

    private SortedMap<Integer, TensorSource> singles(String matrix) {
        return single.getOrDefault(matrix, new TreeMap<>());
    }

    /** How many experts there are, where all of a matrix's are numbered from 0. */
    int count(String matrix) {
        SortedMap<Integer, TensorSource> all = singles(matrix);
        return !all.isEmpty() && all.lastKey() == all.size() - 1 ? all.size() : 0;
    }

    /** Which way its fused tensors lie, as their shapes tell together. */
    Optional<Way> way() {
        Optional<Shape> gates = shape("gate_up_proj");
        Optional<Shape> down = shape("down_proj");
        if (gates.isEmpty() || down.isEmpty()) {
            return Optional.empty();
        }
        Shape g = gates.get();
        Shape d = down.get();
        if (g.dim(1) == 2 * d.dim(2) && g.dim(2) == d.dim(1)) {
            return Optional.of(Way.LINEAR);
        }
        boolean transposed = g.dim(2) == 2 * d.dim(1) && g.dim(1) == d.dim(2);
        return transposed ? Optional.of(Way.TRANSPOSED) : Optional.empty();
    }

    private Optional<Shape> shape(String parameter) {
        return Optional.ofNullable(fused.get(parameter)).map(tensor -> tensor.info().shape());
    }
}
