package io.amalgam.internal.compare;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.internal.engine.TensorScan;
import io.amalgam.internal.layers.LayerStacks;
import io.amalgam.internal.layers.TensorKind;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * Models compared with a reference: the base they were trained from, or simply the first of two.
 *
 * @param names of the reference and of the models
 * @param tensors of the reference that all models have in its shape, in its order
 * @param mismatches tensors that they do not have alike
 * @param configs what differs in config.json
 * @param files what differs beside it: tokenizers, generation settings, code
 * @param oneIn how many elements of a large tensor one was measured of; 1 if all were, of all
 */
public record ModelComparison(
        List<String> names,
        List<TensorChange> tensors,
        List<Mismatch> mismatches,
        List<Setting> configs,
        List<Setting> files,
        int oneIn) {
    public ModelComparison {
        names = List.copyOf(names);
        tensors = List.copyOf(tensors);
        mismatches = List.copyOf(mismatches);
        configs = List.copyOf(configs);
        files = List.copyOf(files);
    }

    /**
     * Reads all tensors once.
     *
     * @param models at least one
     */
    public static ModelComparison of(
            Compared base,
            List<Compared> models,
            EngineOptions options,
            TensorScan.Progress progress,
            Cancellation cancellation)
            throws IOException {
        TensorTable table = TensorTable.of(base, models);
        List<TensorScan.Item> items = new ArrayList<>();
        for (TensorTable.Row row : table.rows()) {
            items.add(new TensorScan.Item(row.name(), row.sources()));
        }
        List<Measures> scanned =
                new TensorScans(options, progress, cancellation, TensorScans.bytes(items))
                        .of(items, models.size());
        Map<String, Measures> measured = new LinkedHashMap<>();
        for (int i = 0; i < items.size(); i++) {
            TensorTable.Row row = table.rows().get(i);
            Measures measures = scanned.get(i);
            boolean wide = row.info().dtype() == DType.F64;
            measured.put(row.name(), wide && !measures.differs() ? exact(row, measures) : measures);
        }
        for (TensorTable.Row row : table.exact()) {
            measured.put(row.name(), exact(row, Measures.none(models.size())));
        }
        List<TensorTable.Row> rows = new ArrayList<>(table.rows());
        rows.addAll(table.exact());
        List<Checkpoint> all = new ArrayList<>(List.of(base.model()));
        models.forEach(model -> all.add(model.model()));
        List<String> names = new ArrayList<>(List.of(base.name()));
        models.forEach(model -> names.add(model.name()));
        return new ModelComparison(
                names,
                changes(base.model(), rows, measured),
                table.mismatches(),
                Settings.configs(all),
                Settings.files(all),
                1);
    }

    /** Counts the elements that are not the same as they are stored. */
    private static Measures exact(TensorTable.Row row, Measures measures) throws IOException {
        Optional<StoredTensor> base = row.sources().get(0).stored();
        List<Change> changes = new ArrayList<>();
        for (int m = 0; m < measures.changes().size(); m++) {
            Change change = measures.changes().get(m);
            Optional<StoredTensor> model = row.sources().get(m + 1).stored();
            boolean both =
                    base.isPresent()
                            && model.isPresent()
                            && base.get().info().dtype() == model.get().info().dtype();
            long changed = both ? StoredBytes.differing(base.get(), model.get()) : 0;
            changes.add(
                    new Change(
                            row.info().elements(),
                            change.base2(),
                            change.model2(),
                            change.product(),
                            change.delta2(),
                            change.largest(),
                            changed,
                            change.nonfinite()));
        }
        return new Measures(changes, measures.agreements(), measures.conflicts());
    }

    private static List<TensorChange> changes(
            Checkpoint base, List<TensorTable.Row> rows, Map<String, Measures> measured) {
        LayerStacks stacks = LayerStacks.of(base.tensors().keySet());
        Map<String, TensorTable.Row> byName = new LinkedHashMap<>();
        rows.forEach(row -> byName.put(row.name(), row));
        // In the reference's order, then what it ties.
        Set<String> order = new LinkedHashSet<>(base.tensors().keySet());
        order.addAll(byName.keySet());
        List<TensorChange> changes = new ArrayList<>();
        for (String name : order) {
            Optional.ofNullable(byName.get(name))
                    .map(row -> change(row, stacks, Objects.requireNonNull(measured.get(name))))
                    .ifPresent(changes::add);
        }
        return changes;
    }

    private static TensorChange change(TensorTable.Row row, LayerStacks stacks, Measures measures) {
        return new TensorChange(
                row.info().withName(row.name()),
                row.sources().stream().skip(1).map(TensorSource::info).toList(),
                TensorKind.of(row.name()),
                stacks.find(row.name()),
                measures);
    }

    public int models() {
        return names.size() - 1;
    }

    /** Over all tensors. */
    public Measures total() {
        Measures sum = Measures.none(models());
        for (TensorChange tensor : tensors) {
            sum = sum.plus(tensor.measures());
        }
        return sum;
    }

    /** What tensors have in common, how many they are, and their sums. */
    public record Group(String name, int tensors, Measures measures) {}

    /** The measures of each kind in each layer, by name of the layer. */
    public Map<String, Map<TensorKind, Measures>> cells() {
        Map<Layer, Map<TensorKind, Measures>> cells = new TreeMap<>();
        for (TensorChange tensor : tensors) {
            Layer.of(tensor)
                    .ifPresent(
                            layer ->
                                    cells.computeIfAbsent(layer, l -> new TreeMap<>())
                                            .merge(
                                                    tensor.kind(),
                                                    tensor.measures(),
                                                    Measures::plus));
        }
        Map<String, Map<TensorKind, Measures>> named = new LinkedHashMap<>();
        cells.forEach((layer, kinds) -> named.put(layer.name(), kinds));
        return named;
    }

    /** By kind of tensor, in the order of {@link TensorKind}. */
    public List<Group> kinds() {
        return groups(tensor -> Optional.of(tensor.kind()), TensorKind::label);
    }

    /** By layer; tensors outside of layers are in none. */
    public List<Group> layers() {
        return groups(Layer::of, Layer::name);
    }

    private record Layer(String prefix, int index) implements Comparable<Layer> {
        static Optional<Layer> of(TensorChange tensor) {
            return tensor.layer().map(l -> new Layer(l.stack().prefix(), l.index()));
        }

        String name() {
            return prefix + index;
        }

        @Override
        public int compareTo(Layer other) {
            int stacks = prefix.compareTo(other.prefix);
            return stacks != 0 ? stacks : Integer.compare(index, other.index);
        }
    }

    private <K extends Comparable<K>> List<Group> groups(
            Function<TensorChange, Optional<K>> key, Function<K, String> name) {
        Map<K, List<TensorChange>> grouped = new TreeMap<>();
        for (TensorChange tensor : tensors) {
            key.apply(tensor)
                    .ifPresent(k -> grouped.computeIfAbsent(k, x -> new ArrayList<>()).add(tensor));
        }
        List<Group> groups = new ArrayList<>();
        grouped.forEach(
                (k, members) -> {
                    Measures sum = Measures.none(models());
                    for (TensorChange member : members) {
                        sum = sum.plus(member.measures());
                    }
                    groups.add(new Group(name.apply(k), members.size(), sum));
                });
        return groups;
    }

    /** Whether anything differs: values, types, shapes, tensors, settings or files. */
    public boolean differs() {
        return !mismatches.isEmpty()
                || !configs.isEmpty()
                || !files.isEmpty()
                || tensors.stream().anyMatch(tensor -> tensor.measures().differs());
    }
}
