package io.amalgam.internal.lora.apply;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.checkpoint.SliceTensor;
import io.amalgam.internal.checkpoint.StackedTensor;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** Changes of single experts in tensors that hold all of them. */
final class ExpertTerms {
    private static final int THIRDS = 3;

    private final Map<String, Map<Integer, List<LoraTensor.Term>>> terms = new LinkedHashMap<>();

    void add(String tensor, int expert, LoraTensor.Term term) {
        terms.computeIfAbsent(tensor, unused -> new TreeMap<>())
                .computeIfAbsent(expert, unused -> new ArrayList<>())
                .add(term);
    }

    Set<String> tensors() {
        return terms.keySet();
    }

    /** A tensor with its experts' changes. */
    Stack stack(String name, TensorSource source, FactorCache cache) {
        Map<Integer, List<LoraTensor.Term>> changed = terms.getOrDefault(name, Map.of());
        TensorInfo all = source.info().withName(name);
        Shape shape = all.shape();
        // A matrix has query, key and value one below the other.
        int count = shape.rank() == 2 ? THIRDS : Math.toIntExact(shape.dim(0));
        long rows = shape.rank() == 2 ? shape.dim(0) / THIRDS : shape.dim(1);
        TensorInfo one =
                new TensorInfo(name, all.dtype(), Shape.of(rows, shape.dim(shape.rank() - 1)));
        List<TensorSource> parts = new ArrayList<>();
        List<LoraTensor> loras = new ArrayList<>();
        for (int e = 0; e < count; e++) {
            SliceTensor slice = new SliceTensor(source, one, e * one.elements());
            List<LoraTensor.Term> own = changed.getOrDefault(e, List.of());
            if (own.isEmpty()) {
                parts.add(slice);
            } else {
                LoraTensor lora = new LoraTensor(slice, one, own, cache);
                parts.add(lora);
                loras.add(lora);
            }
        }
        return new Stack(
                new StackedTensor(all, parts, describe(source, changed)),
                loras.stream().mapToLong(LoraTensor::factorBytes).max().orElse(0));
    }

    /**
     * @param factorBytes of the expert with the most
     */
    record Stack(TensorSource tensor, long factorBytes) {}

    /** Terms that differ only in the expert are listed once. */
    private static String describe(
            TensorSource source, Map<Integer, List<LoraTensor.Term>> changed) {
        Map<String, Set<Integer>> experts = new LinkedHashMap<>();
        changed.forEach(
                (expert, own) ->
                        own.forEach(
                                term ->
                                        experts.computeIfAbsent(
                                                        term.identity(),
                                                        unused -> new LinkedHashSet<>())
                                                .add(expert)));
        StringBuilder text = new StringBuilder(source.identity());
        experts.forEach(
                (term, of) -> text.append(" + ").append(term).append(" in experts ").append(of));
        return text.toString();
    }
}
