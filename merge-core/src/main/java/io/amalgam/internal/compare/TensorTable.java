package io.amalgam.internal.compare;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.layers.TiedTensors;
import io.amalgam.internal.plan.TensorNames;
import io.amalgam.recipe.ModelRef;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * The tensors of a reference and of models, side by side: by the names of the reference, experts in
 * its layout, and where one model stores a head that another ties to its embedding, the embedding
 * in its place.
 *
 * @param rows that all have in one shape and can be compared as numbers
 * @param exact that all have in one shape and type, and that are not numbers to be merged
 * @param mismatches all that is not alike; those that differ in type alone are rows, too
 */
record TensorTable(List<Row> rows, List<Row> exact, List<Mismatch> mismatches) {
    /** Tensors of one shape, the reference's first. */
    record Row(String name, List<TensorSource> sources) {
        Row {
            sources = List.copyOf(sources);
        }

        TensorInfo info() {
            return sources.get(0).info();
        }

        boolean arithmetic() {
            return sources.stream().allMatch(source -> source.info().dtype().arithmetic());
        }
    }

    static TensorTable of(Compared base, List<Compared> models) {
        List<Map<String, ? extends TensorSource>> all = new ArrayList<>();
        all.add(base.model().tensors());
        for (Compared model : models) {
            all.add(
                    TensorNames.of(
                                    ModelRef.of(model.name()),
                                    model.model().tensors(),
                                    List.of(base.model().tensors()))
                            .tensors());
        }
        List<Optional<TiedTensors>> tied = new ArrayList<>();
        tied.add(tied(base.model(), all.get(0)));
        for (int m = 0; m < models.size(); m++) {
            tied.add(tied(models.get(m).model(), all.get(m + 1)));
        }
        Set<String> names = new LinkedHashSet<>();
        all.forEach(tensors -> names.addAll(tensors.keySet()));
        TensorTable table =
                new TensorTable(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
        for (String name : names) {
            List<Optional<TensorSource>> found = new ArrayList<>();
            for (int m = 0; m < all.size(); m++) {
                found.add(find(name, all.get(m), tied.get(m)));
            }
            table.add(name, found);
        }
        return table;
    }

    private static Optional<TiedTensors> tied(
            Checkpoint model, Map<String, ? extends TensorSource> tensors) {
        Map<String, TensorSource> own = new LinkedHashMap<>(tensors);
        return TiedTensors.of(own, source -> source.info().shape(), model.facts());
    }

    private static Optional<TensorSource> find(
            String name, Map<String, ? extends TensorSource> tensors, Optional<TiedTensors> tied) {
        TensorSource own = tensors.get(name);
        if (own != null) {
            return Optional.of(own);
        }
        return tied.filter(t -> t.find(name).isPresent())
                .map(t -> Objects.requireNonNull(tensors.get(t.embedding())));
    }

    private void add(String name, List<Optional<TensorSource>> found) {
        List<TensorSource> there = new ArrayList<>();
        found.forEach(source -> source.ifPresent(there::add));
        TensorInfo first = there.get(0).info();
        boolean all = there.size() == found.size();
        boolean shapes = there.stream().allMatch(s -> s.info().shape().equals(first.shape()));
        boolean types = there.stream().allMatch(s -> s.info().dtype() == first.dtype());
        if (!(all && shapes && types)) {
            List<Optional<TensorInfo>> infos =
                    found.stream().map(source -> source.map(TensorSource::info)).toList();
            mismatches.add(new Mismatch(name, infos));
        }
        Row row = new Row(name, there);
        if (all && shapes && row.arithmetic()) {
            rows.add(row);
        } else if (all && shapes && types) {
            exact.add(row);
        }
    }
}
