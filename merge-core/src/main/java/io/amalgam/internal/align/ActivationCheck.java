package io.amalgam.internal.align;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
import io.amalgam.internal.align.groups.Group;
import io.amalgam.internal.align.groups.Group.Units;
import io.amalgam.internal.align.groups.Grouping;
import io.amalgam.internal.align.groups.Places;
import io.amalgam.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Whether files of activations are of the models that are aligned, by their headers: what cannot be
 * used is an error, because units without activations stay where they are.
 */
record ActivationCheck(Side own, Side its) {
    /**
     * A model, and the file of its activations.
     *
     * @param model what the user calls it
     * @param shapes of its tensors
     */
    record Side(Checkpoint file, String model, Grouping grouping, Map<String, Shape> shapes) {
        /** Widths of the activations that can be used, by name. */
        Map<String, Width> widths() {
            Map<String, Width> widths = new LinkedHashMap<>();
            for (Group group : grouping.groups()) {
                if (group instanceof Units units) {
                    units.places().forEach(places -> add(widths, units, places));
                }
            }
            return widths;
        }

        private void add(Map<String, Width> widths, Units units, Places places) {
            Shape shape = shapes.get(places.tensor());
            if (shape != null) {
                widths.putIfAbsent(
                        Activations.name(units, places),
                        new Width(places.tensor(), units.size(), shape.dim(places.axis())));
            }
        }

        private String path() {
            return "'" + file.path() + "'";
        }
    }

    /**
     * What activations of a module may be.
     *
     * @param units of the group
     * @param all of the tensor's axis: activations of fused layers are known, but not used
     */
    private record Width(String tensor, long units, long all) {}

    /** All that is wrong. */
    List<Problem> problems() {
        Optional<Problem> other = inputs();
        if (other.isPresent()) {
            return List.of(other.get());
        }
        List<Problem> problems = new ArrayList<>();
        strange(own).ifPresent(problems::add);
        strange(its).ifPresent(problems::add);
        if (!problems.isEmpty()) {
            return problems;
        }
        shapes(own, problems);
        shapes(its, problems);
        for (String name : own.widths().keySet()) {
            TensorSource one = own.file.tensors().get(name);
            TensorSource two = its.file.tensors().get(name);
            if (one == null ^ two == null) {
                Side without = one == null ? own : its;
                Side with = one == null ? its : own;
                problems.add(
                        Problem.expected(
                                        "activations '" + name + "'",
                                        "some of both models",
                                        "none of '" + without.model + "'")
                                .at(without.path())
                                .hint("compute them, or leave them out of " + with.path()));
            }
        }
        return problems;
    }

    private Optional<Problem> inputs() {
        String one = Objects.requireNonNull(own.file.metadata().getOrDefault("inputs", ""));
        String other = Objects.requireNonNull(its.file.metadata().getOrDefault("inputs", ""));
        return one.equals(other)
                ? Optional.empty()
                : Optional.of(
                        Problem.expected(
                                        "inputs of activations in " + own.path(),
                                        "those of " + its.path() + ", '" + other + "'",
                                        "'" + one + "'")
                                .hint("compute both on the same inputs"));
    }

    /** A file without any activations of the units. */
    private static Optional<Problem> strange(Side side) {
        Map<String, Width> widths = side.widths();
        List<String> names = List.copyOf(side.file.tensors().keySet());
        if (widths.isEmpty() || names.stream().anyMatch(widths::containsKey)) {
            return Optional.empty();
        }
        String found =
                names.isEmpty()
                        ? "no tensors"
                        : "'" + names.get(0) + "'" + (names.size() > 1 ? " and others" : "");
        return Optional.of(
                Problem.expected(
                                "activations of '" + side.model + "'",
                                "tensors such as '" + widths.keySet().iterator().next() + "'",
                                found)
                        .at(side.path())
                        .hint("docs/alignment.md says what they are called"));
    }

    private static void shapes(Side side, List<Problem> problems) {
        side.widths()
                .forEach(
                        (name, width) -> {
                            TensorSource tensor = side.file.tensors().get(name);
                            if (tensor != null) {
                                shape(side, tensor, width).ifPresent(problems::add);
                            }
                        });
    }

    private static Optional<Problem> shape(Side side, TensorSource tensor, Width width) {
        String what = "activations '" + tensor.info().name() + "'";
        if (!tensor.info().dtype().arithmetic()) {
            return Optional.of(
                    Problem.expected(what, "floating point", tensor.info().dtype())
                            .at(side.path())
                            .hint("store them in F32"));
        }
        Shape shape = tensor.info().shape();
        boolean fits =
                shape.rank() == 2
                        && shape.dim(0) > 0
                        && (shape.dim(1) == width.units || shape.dim(1) == width.all);
        return fits
                ? Optional.empty()
                : Optional.of(
                        Problem.expected(
                                        what,
                                        "examples x "
                                                + width.units
                                                + ", as '"
                                                + width.tensor
                                                + "' of '"
                                                + side.model
                                                + "' has units",
                                        shape)
                                .at(side.path())
                                .hint("compute them from this model"));
    }
}
