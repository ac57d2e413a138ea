package io.amalgam.internal.compare;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.internal.engine.ReadingRun;
import io.amalgam.internal.engine.TensorScan;
import io.amalgam.internal.layers.LayerStacks;
import io.amalgam.internal.layers.TensorKind;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.TensorTask;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * A merged model compared with what it was made of, tensor by tensor as the plan has them: renamed,
 * cut, re-indexed, with adapters. Where the recipe has a base, all are compared with it: the
 * inputs, and last the merge. Else the inputs are compared with the merge.
 */
public final class MergeComparison {
    private final MergePlan plan;
    private final Checkpoint merged;
    private final MergeRows rows;
    private final List<String> names;
    private final int oneIn;

    private MergeComparison(MergePlan plan, Checkpoint merged, String name, int oneIn) {
        this.plan = plan;
        this.merged = merged;
        this.rows = MergeRows.of(plan, name);
        this.names = rows.names();
        this.oneIn = oneIn;
    }

    /**
     * Reads inputs and output once.
     *
     * @param merged the plan's result, open
     * @param name what it is called
     * @param observer of the merge: what it has seen is not read again
     */
    public static ModelComparison of(
            MergePlan plan,
            Checkpoint merged,
            String name,
            Optional<MergeObserver> observer,
            EngineOptions options,
            TensorScan.Progress progress,
            Cancellation cancellation)
            throws IOException {
        Map<String, Measures> known = observer.map(MergeObserver::measured).orElse(Map.of());
        int oneIn = observer.map(MergeObserver::oneIn).orElse(1);
        MergeComparison comparison = new MergeComparison(plan, merged, name, oneIn);
        if (plan.modelTasks().stream().anyMatch(task -> !known.containsKey(task.output().name()))) {
            ReadingRun.prepare(
                    plan.preparations(), options, ReadingRun.Listener.NONE, cancellation);
        }
        return comparison.run(known, options, progress, cancellation);
    }

    /** A tensor to compare: the reference's first, then those of the models at these places. */
    private record Row(TensorInfo info, List<TensorSource> sources, List<Integer> places) {}

    private ModelComparison run(
            Map<String, Measures> known,
            EngineOptions options,
            TensorScan.Progress progress,
            Cancellation cancellation)
            throws IOException {
        List<Mismatch> mismatches = new ArrayList<>();
        Map<String, Measures> measured = new LinkedHashMap<>();
        Map<Integer, List<Row>> byModels = new LinkedHashMap<>();
        for (TensorTask task : plan.modelTasks()) {
            Optional<Row> row = row(task, mismatches);
            Measures seen = known.get(task.output().name());
            if (row.isPresent() && seen != null) {
                measured.put(task.output().name(), spread(seen, row.get()));
            } else if (row.isPresent()) {
                byModels.computeIfAbsent(row.get().places().size(), n -> new ArrayList<>())
                        .add(row.get());
            }
        }
        Map<Integer, List<TensorScan.Item>> items = new LinkedHashMap<>();
        byModels.forEach(
                (models, rows) ->
                        items.put(
                                models,
                                rows.stream()
                                        .map(r -> new TensorScan.Item(r.info().name(), r.sources()))
                                        .toList()));
        long all = items.values().stream().mapToLong(TensorScans::bytes).sum();
        TensorScans scans = new TensorScans(options, progress, cancellation, all);
        for (Map.Entry<Integer, List<Row>> some : byModels.entrySet()) {
            List<Measures> found =
                    scans.of(Objects.requireNonNull(items.get(some.getKey())), some.getKey());
            for (int i = 0; i < found.size(); i++) {
                Row row = some.getValue().get(i);
                measured.put(row.info().name(), spread(found.get(i), row));
            }
        }
        return new ModelComparison(
                names, changes(measured), mismatches, List.of(), List.of(), oneIn);
    }

    private Measures spread(Measures some, Row row) {
        return some.among(names.size() - 1, row.places());
    }

    /** Empty for what is no number, and for what only the merge has. */
    private Optional<Row> row(TensorTask task, List<Mismatch> mismatches) {
        TensorInfo info = task.output();
        TensorSource output = merged.tensors().get(info.name());
        List<Optional<TensorSource>> found = new ArrayList<>();
        for (Optional<Integer> input : rows.inputs(task)) {
            found.add(
                    input.flatMap(
                            i ->
                                    i == MergeRows.MERGE
                                            ? Optional.ofNullable(output)
                                            : Optional.of(task.sources().get(i))));
        }
        boolean fits = output != null && output.info().elements() == info.elements();
        if (!fits || found.get(0).isEmpty()) {
            mismatches.add(
                    new Mismatch(
                            info.name(),
                            found.stream().map(s -> s.map(TensorSource::info)).toList()));
            return Optional.empty();
        }
        List<TensorSource> sources = found.stream().flatMap(Optional::stream).toList();
        List<Integer> places = MergeRows.places(found);
        boolean numbers = sources.stream().allMatch(s -> s.info().dtype().arithmetic());
        return places.isEmpty() || !numbers
                ? Optional.empty()
                : Optional.of(new Row(info, sources, places));
    }

    private List<TensorChange> changes(Map<String, Measures> measured) {
        List<String> all = plan.modelTasks().stream().map(task -> task.output().name()).toList();
        LayerStacks stacks = LayerStacks.of(all);
        List<TensorChange> changes = new ArrayList<>();
        for (TensorTask task : plan.modelTasks()) {
            TensorInfo info = task.output();
            if (measured.containsKey(info.name())) {
                changes.add(
                        new TensorChange(
                                info,
                                List.of(),
                                TensorKind.of(info.name()),
                                stacks.find(info.name()),
                                Objects.requireNonNull(measured.get(info.name()))));
            }
        }
        return changes;
    }
}
