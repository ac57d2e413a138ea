package io.amalgam.cli.merge;

import io.amalgam.cli.console.Columns;
import io.amalgam.internal.encoding.Quantiser;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.ParameterSpec;
import io.amalgam.plan.TensorTask;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The tensors of a plan as a table. Parameters that have their default are left out, and those that
 * are the same in all tensors of a method stand once, before the table.
 */
final class TensorRows {
    private final List<TensorTask> tasks;

    /** By method, the parameters that all its tensors share. */
    private final Map<String, Map<String, String>> shared = new LinkedHashMap<>();

    TensorRows(List<TensorTask> tasks) {
        this.tasks = tasks;
        for (TensorTask task : tasks) {
            Map<String, String> own = parameters(task);
            if (task.method().isPresent()) {
                shared.computeIfAbsent(task.action(), method -> new TreeMap<>(own))
                        .entrySet()
                        .retainAll(own.entrySet());
            }
        }
    }

    List<String> lines() {
        List<String> lines = new ArrayList<>();
        shared.forEach(
                (method, values) -> {
                    if (!values.isEmpty()) {
                        lines.add("all tensors by " + method + ": " + text(values));
                    }
                });
        if (!lines.isEmpty()) {
            lines.add("");
        }
        Columns columns = new Columns();
        columns.row("tensor", "type", "shape", "method", "parameters");
        for (TensorTask task : tasks) {
            Map<String, String> rest = parameters(task);
            rest.entrySet().removeAll(shared.getOrDefault(task.action(), Map.of()).entrySet());
            columns.row(
                    task.output().name(),
                    task.quantiser()
                            .map(Quantiser::name)
                            .orElseGet(() -> task.output().dtype().name()),
                    task.output().shape(),
                    task.action(),
                    text(rest));
        }
        lines.addAll(columns.lines());
        return lines;
    }

    /** Shared values, then each input's: {@code normalize=true; weight=0.3, 0.7}. */
    private static String text(Map<String, String> values) {
        List<String> parts = new ArrayList<>();
        values.forEach((name, value) -> parts.add(name + "=" + value));
        return String.join("; ", parts);
    }

    /**
     * Those that differ from their defaults; one that some input has is shown of all that have it.
     */
    private static Map<String, String> parameters(TensorTask task) {
        Map<String, Object> defaults = new LinkedHashMap<>();
        task.method()
                .map(MergeMethod::info)
                .ifPresent(
                        info -> {
                            for (ParameterSpec spec : info.parameters()) {
                                spec.defaultValue().ifPresent(v -> defaults.put(spec.name(), v));
                            }
                        });
        Map<String, String> values = new LinkedHashMap<>();
        new TreeMap<>(task.call().shared())
                .forEach(
                        (name, value) -> {
                            if (!value.equals(defaults.get(name))) {
                                values.put(name, String.valueOf(value));
                            }
                        });
        Map<String, List<Object>> perInput = new TreeMap<>();
        task.call()
                .inputs()
                .forEach(
                        input ->
                                input.values()
                                        .forEach(
                                                (name, value) ->
                                                        perInput.computeIfAbsent(
                                                                        name,
                                                                        n -> new ArrayList<>())
                                                                .add(value)));
        perInput.forEach(
                (name, all) -> {
                    if (!all.stream().allMatch(value -> value.equals(defaults.get(name)))) {
                        values.put(
                                name,
                                String.join(", ", all.stream().map(String::valueOf).toList()));
                    }
                });
        return values;
    }
}
