package io.amalgam.internal.lora.extract;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.lora.ModuleNames;
import io.amalgam.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The parameters of a model's modules, as transformers 5 has them: under the modules' names, and
 * experts that are stored one by one in one tensor for all.
 */
final class Parameters {
    /**
     * A parameter.
     *
     * @param tensors that make it up; of several experts a list each, whose rows follow each other
     */
    record Parameter(String name, Shape shape, List<List<TensorSource>> tensors) {
        /** Whether experts are stored one by one. */
        boolean isStacked() {
            return tensors.size() > 1;
        }

        TensorSource stored() {
            return tensors.get(0).get(0);
        }
    }

    private static final Pattern EXPERT =
            Pattern.compile("(.*\\.?experts)\\.(\\d+)\\.([a-z0-9_]+)\\.weight");

    /** What one expert's matrices are called: gate and up, one behind the other; then down. */
    private static final List<List<List<String>>> SPELLINGS =
            List.of(
                    List.of(List.of("gate_proj", "up_proj"), List.of("down_proj")),
                    List.of(List.of("w1", "w3"), List.of("w2")),
                    List.of(List.of("up_proj"), List.of("down_proj")));

    private final ModuleNames names;
    private final Map<String, Parameter> parameters = new LinkedHashMap<>();
    private final Map<String, TreeMap<Integer, Map<String, TensorSource>>> experts =
            new LinkedHashMap<>();

    Parameters(Map<String, TensorSource> tensors, ModuleNames names) {
        this.names = names;
        for (TensorSource tensor : tensors.values()) {
            String name = names.of(tensor.info().name());
            Matcher expert = EXPERT.matcher(name);
            if (expert.matches()
                    && expert.group(2).length() < 6
                    && tensor.info().shape().rank() == 2) {
                experts.computeIfAbsent(expert.group(1), unused -> new TreeMap<>())
                        .computeIfAbsent(
                                Integer.valueOf(expert.group(2)), unused -> new LinkedHashMap<>())
                        .put(expert.group(3), tensor);
            } else {
                put(name, tensor);
            }
        }
        experts.forEach(this::stack);
    }

    /** By the modules' names. */
    Map<String, Parameter> byName() {
        return parameters;
    }

    Map<String, Shape> shapes() {
        Map<String, Shape> shapes = new LinkedHashMap<>();
        parameters.forEach((name, parameter) -> shapes.put(name, parameter.shape));
        return shapes;
    }

    private void put(String name, TensorSource tensor) {
        parameters.put(name, new Parameter(name, tensor.info().shape(), List.of(List.of(tensor))));
    }

    private void stack(String module, SortedMap<Integer, Map<String, TensorSource>> byNumber) {
        int count = byNumber.size();
        Map<String, TensorSource> first = byNumber.values().iterator().next();
        List<List<String>> spelling =
                SPELLINGS.stream()
                        .filter(s -> first.keySet().equals(java.util.Set.copyOf(flat(s))))
                        .findFirst()
                        .orElse(List.of());
        boolean whole =
                count > 1
                        && byNumber.lastKey() == count - 1
                        && !spelling.isEmpty()
                        && byNumber.values().stream().allMatch(e -> sameShapes(e, first));
        if (!whole) {
            for (Map<String, TensorSource> expert : byNumber.values()) {
                for (TensorSource tensor : expert.values()) {
                    put(names.of(tensor.info().name()), tensor);
                }
            }
            return;
        }
        for (List<String> rows : spelling) {
            List<List<TensorSource>> tensors = new ArrayList<>();
            for (Map<String, TensorSource> expert : byNumber.values()) {
                tensors.add(rows.stream().map(expert::get).toList());
            }
            long height = tensors.get(0).stream().mapToLong(t -> t.info().shape().dim(0)).sum();
            long width = tensors.get(0).get(0).info().shape().dim(1);
            String leaf =
                    rows.size() == 2 ? "gate_up_proj" : rows.get(0).replace("w2", "down_proj");
            String name = module + "." + leaf;
            parameters.put(name, new Parameter(name, Shape.of(count, height, width), tensors));
        }
    }

    private static List<String> flat(List<List<String>> spelling) {
        return spelling.stream().flatMap(List::stream).toList();
    }

    private static boolean sameShapes(
            Map<String, TensorSource> expert, Map<String, TensorSource> first) {
        return expert.keySet().equals(first.keySet())
                && first.entrySet().stream()
                        .allMatch(
                                e -> {
                                    TensorSource other = expert.get(e.getKey());
                                    return other != null
                                            && other.info()
                                                    .shape()
                                                    .equals(e.getValue().info().shape());
                                });
    }
}
