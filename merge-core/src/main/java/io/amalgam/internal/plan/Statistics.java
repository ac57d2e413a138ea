package io.amalgam.internal.plan;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
import io.amalgam.method.MergeMethod;
import io.amalgam.method.TensorCall.Input;
import io.amalgam.method.TensorCall.Statistic;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Finds the statistics that a method reads beside the models' tensors, and checks their shapes. */
final class Statistics {
    private final MergeMethod method;
    private final Problems problems;
    private final Map<String, Integer> without = new LinkedHashMap<>();

    Statistics(MergeMethod method, Problems problems) {
        this.method = method;
        this.problems = problems;
    }

    /**
     * Adds those of a tensor to its inputs.
     *
     * @param present the models' tensors, one for each input
     * @param inputs gets one more for each model and statistic
     * @param sources likewise
     */
    void add(
            TensorInfo output,
            List<OutputTensor.Part> present,
            int base,
            List<Input> inputs,
            List<TensorSource> sources) {
        for (Statistic statistic : method.statistics()) {
            statistic
                    .shape()
                    .apply(output)
                    .ifPresent(
                            shape ->
                                    add(
                                            new Wanted(output, statistic.name(), shape),
                                            present,
                                            base,
                                            inputs,
                                            sources));
        }
    }

    private record Wanted(TensorInfo output, String name, Shape shape) {}

    private void add(
            Wanted wanted,
            List<OutputTensor.Part> present,
            int base,
            List<Input> inputs,
            List<TensorSource> sources) {
        List<Input> found = new ArrayList<>();
        List<TensorSource> tensors = new ArrayList<>();
        List<OutputTensor.Part> lacking = new ArrayList<>();
        for (int i = 0; i < present.size(); i++) {
            OutputTensor.Part part = present.get(i);
            if (i == base) {
                continue;
            }
            TensorSource tensor = find(part, wanted.name());
            if (tensor == null) {
                lacking.add(part);
            } else if (check(wanted, part, tensor)) {
                found.add(Input.statistic(part.model().name, wanted.name(), i, wanted.shape()));
                tensors.add(tensor);
            }
        }
        if (lacking.isEmpty()) {
            inputs.addAll(found);
            sources.addAll(tensors);
        } else if (lacking.size() == present.size() - (base >= 0 ? 1 : 0)) {
            without.merge(wanted.name(), 1, Integer::sum);
        } else {
            List<String> names = lacking.stream().map(part -> part.model().name).toList();
            problems.add("no statistic " + wanted.name() + names, missing(wanted, lacking));
        }
    }

    /** Statistics are named after the tensor as its own model calls it. */
    private static @Nullable TensorSource find(OutputTensor.Part part, String name) {
        Map<String, ? extends TensorSource> all = part.model().checkpoint.statistics();
        if (all.isEmpty()) {
            return null;
        }
        String tensor = part.tensor().orElseThrow();
        TensorSource of = part.model().tensors.get(tensor);
        TensorSource found = of == null ? null : all.get(of.info().name() + "." + name);
        return found == null ? all.get(tensor + "." + name) : found;
    }

    private boolean check(Wanted wanted, OutputTensor.Part part, TensorSource found) {
        TensorInfo info = found.info();
        if (info.shape().equals(wanted.shape()) && info.dtype().arithmetic()) {
            return true;
        }
        problems.add(
                "statistic " + wanted.name() + part.model().name,
                Problem.expected(
                                "statistic '" + info.name() + "' of '" + part.model().name + "'",
                                "floats of shape " + wanted.shape(),
                                info.dtype() + " " + info.shape())
                        .at(part.model().ref.location())
                        .hint("the statistics are another model's: compute them from this one"));
        return false;
    }

    private static Problem missing(Wanted wanted, List<OutputTensor.Part> lacking) {
        OutputTensor.Part first = lacking.get(0);
        return Problem.expected(
                        "statistic '"
                                + wanted.name()
                                + "' of tensor '"
                                + wanted.output().name()
                                + "'",
                        "one in every model",
                        "none in '" + first.model().name + "'")
                .at(first.model().ref.location())
                .hint("compute the statistics of all models alike");
    }

    /** What is said of tensors that no model has a statistic of. */
    List<Problem> warnings() {
        return without.entrySet().stream()
                .map(
                        entry ->
                                Problem.of(
                                        entry.getValue()
                                                + (entry.getValue() == 1
                                                        ? " tensor has"
                                                        : " tensors have")
                                                + " no statistic '"
                                                + entry.getKey()
                                                + "' in any model"))
                .toList();
    }
}
