package io.amalgam.internal.align;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.align.groups.Group;
import io.amalgam.internal.align.groups.Group.Heads;
import io.amalgam.internal.align.groups.Group.Units;
import io.amalgam.internal.align.groups.GroupFinder;
import io.amalgam.internal.align.groups.Grouping;
import io.amalgam.internal.align.groups.Places;
import io.amalgam.internal.layers.Conv1d;
import io.amalgam.recipe.ModelRef;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Plans the alignment of one model to another, from their headers. */
final class Aligning {
    private final ModelRef ref;
    private final Checkpoint moving;
    private final ModelRef targetRef;
    private final Checkpoint fixed;
    private final AlignOptions options;

    private final Optional<Activations> activations;

    Aligning(
            ModelRef ref,
            Checkpoint moving,
            ModelRef targetRef,
            Checkpoint fixed,
            AlignOptions options,
            Optional<Activations> activations) {
        this.ref = ref;
        this.moving = moving;
        this.targetRef = targetRef;
        this.fixed = fixed;
        this.options = options;

        this.activations = activations;
    }

    /**
     * @param permutations a file with them, if none are to be searched
     */
    AlignedCheckpoint aligned(Optional<Checkpoint> permutations) throws IOException {
        Map<String, TensorSource> own = numbers(moving);
        Map<String, TensorSource> its = numbers(fixed);
        Grouping grouping = grouping(moving, own);
        Grouping target = grouping(fixed, its);
        if (!grouping.depth().equals(target.depth())) {
            throw refused(
                            "layers of model '" + ref + "'",
                            "as many as in '" + targetRef + "', " + words(target),
                            words(grouping))
                    .hinted(
                            "align models of one depth, or put layers together with 'amalgam stack'");
        }
        if (grouping.groups().isEmpty()) {
            String why =
                    grouping.stays().isEmpty()
                            ? "no layers that follow one another"
                            : grouping.stays().get(0);
            throw refused("model '" + ref + "'", "units that may move", "none: " + why)
                    .hinted("merge it as it is");
        }
        requireShared(grouping, its);
        boolean wide = options.widen().isPresent() && others(grouping, target);
        if (wide) {
            own = Widening.of(own, shapes(own), grouping, target, options.widen().get());
            grouping = grouping(moving, own);
        }
        Map<String, Shape> shapes = shapes(own);
        requireFit(grouping, target, shapes, its);
        requireHeads(grouping, target);
        TensorMaps maps = new TensorMaps(grouping, shapes);
        Pair pair = new Pair(its, own, maps);
        if (activations.isPresent()) {
            check(activations.get(), grouping, target, shapes, its);
        }
        AlignmentRun run =
                new AlignmentRun(
                        ref.toString(),
                        targetRef.toString(),
                        options,
                        grouping,
                        target,
                        pair,
                        activations,
                        given(permutations, grouping, target));
        boolean other = others(grouping(moving, numbers(moving)), target);
        return new AlignedCheckpoint(
                moving, fixed, run, moved(own, its, maps, run, other), other, activations);
    }

    private void check(
            Activations files,
            Grouping grouping,
            Grouping target,
            Map<String, Shape> shapes,
            Map<String, TensorSource> its) {
        List<Problem> problems =
                new ActivationCheck(
                                new ActivationCheck.Side(
                                        files.own(), ref.toString(), grouping, shapes),
                                new ActivationCheck.Side(
                                        files.its(), targetRef.toString(), target, shapes(its)))
                        .problems();
        if (!problems.isEmpty()) {
            throw new BadInputException(
                    problems.stream()
                            .map(p -> p.where().isEmpty() ? p.at(ref.location()) : p)
                            .toList());
        }
    }

    /** Whether any group has another size in the target. */
    private static boolean others(Grouping grouping, Grouping target) {
        for (Group group : grouping.groups()) {
            Optional<Group> its = named(target, group.name());
            boolean differs =
                    group instanceof Units units
                            && its.orElse(null) instanceof Units other
                            && other.size() != units.size();
            if (differs) {
                return true;
            }
        }
        return false;
    }

    private static Optional<Group> named(Grouping grouping, String name) {
        return grouping.groups().stream().filter(g -> g.name().equals(name)).findFirst();
    }

    /** The tensors that are read anew; with other widths they have the target's shapes. */
    private static Map<String, TensorSource> moved(
            Map<String, TensorSource> own,
            Map<String, TensorSource> its,
            TensorMaps maps,
            AlignmentRun run,
            boolean widths) {
        Map<String, TensorSource> moved = new HashMap<>();
        for (String name : maps.tensors()) {
            TensorSource source = Objects.requireNonNull(own.get(name));
            TensorSource other = its.get(name);
            Shape shape = widths && other != null ? other.info().shape() : source.info().shape();
            moved.put(
                    name,
                    new MappedTensor(
                            source,
                            new io.amalgam.tensor.TensorInfo(name, source.info().dtype(), shape),
                            () -> run.maps(name)));
        }
        return moved;
    }

    private Optional<Map<String, Moves>> given(
            Optional<Checkpoint> permutations, Grouping grouping, Grouping target)
            throws IOException {
        return permutations.isPresent()
                ? Optional.of(
                        AlignmentFile.read(
                                permutations.get(),
                                grouping,
                                target,
                                options.rule(),
                                ref.toString()))
                : Optional.empty();
    }

    private static String words(Grouping grouping) {
        return grouping.depth().stream()
                .map(String::valueOf)
                .reduce((a, b) -> a + " and " + b)
                .orElse("none");
    }

    private static Map<String, TensorSource> numbers(Checkpoint model) {
        Map<String, TensorSource> numbers = new LinkedHashMap<>();
        model.tensors()
                .forEach(
                        (name, source) -> {
                            if (source.info().dtype().arithmetic()) {
                                numbers.put(name, source);
                            }
                        });
        return numbers;
    }

    private static Map<String, Shape> shapes(Map<String, TensorSource> tensors) {
        Map<String, Shape> shapes = new LinkedHashMap<>();
        tensors.forEach((name, source) -> shapes.put(name, source.info().shape()));
        return shapes;
    }

    private static Grouping grouping(Checkpoint model, Map<String, TensorSource> tensors) {
        Map<String, Shape> shapes = shapes(tensors);
        Conv1d conv = new Conv1d(shapes, model.facts());
        return GroupFinder.find(shapes, model.config(), conv::isTransposed);
    }

    private void requireShared(Grouping grouping, Map<String, TensorSource> its) {
        for (Group group : grouping.groups()) {
            if (group.places().stream().noneMatch(p -> its.containsKey(p.tensor()))) {
                throw refused(
                                "model '" + targetRef + "'",
                                "the tensors of '"
                                        + ref
                                        + "', such as '"
                                        + group.places().get(0).tensor()
                                        + "'",
                                "none of that name")
                        .hinted("align models of one architecture");
            }
        }
    }

    /**
     * What moves must be of one shape in both; with a method for other widths, or with maps from
     * one, but for the units themselves, which then must be alone on their axes.
     */
    private void requireFit(
            Grouping grouping,
            Grouping target,
            Map<String, Shape> shapes,
            Map<String, TensorSource> its) {
        Map<String, boolean[]> free = new HashMap<>();
        for (Group group : grouping.groups()) {
            boolean differs =
                    group instanceof Units units
                            && named(target, group.name()).orElse(null) instanceof Units other
                            && other.size() != units.size()
                            && other.places().size() == units.places().size();
            boolean stream = grouping.stream().filter(group::equals).isPresent();
            for (Places places : group.places()) {
                Shape shape = Objects.requireNonNull(shapes.get(places.tensor()));
                boolean alone =
                        group instanceof Units units
                                && shape.dim(places.axis()) == (long) units.size() * places.block();
                free.computeIfAbsent(places.tensor(), unused -> new boolean[shape.rank()])[
                                places.axis()] |=
                        differs && alone && !stream;
            }
        }
        for (Group group : grouping.groups()) {
            for (Places places : group.places()) {
                TensorSource other = its.get(places.tensor());
                if (other != null) {
                    Shape shape = Objects.requireNonNull(shapes.get(places.tensor()));
                    requireFit(
                            places.tensor(),
                            shape,
                            other.info().shape(),
                            Objects.requireNonNull(free.get(places.tensor())));
                }
            }
        }
    }

    /** Heads may be of other numbers and sizes in tensors of one shape. */
    private void requireHeads(Grouping grouping, Grouping target) {
        for (Group group : grouping.groups()) {
            if (!(group instanceof Heads heads)
                    || !(named(target, group.name()).orElse(null) instanceof Heads its)) {
                continue;
            }
            if (heads.groups() != its.groups()
                    || heads.queries() != its.queries()
                    || heads.size() != its.size()) {
                throw refused(
                                "heads of '" + group.name() + "' in model '" + ref + "'",
                                GroupLines.heads(its) + " as in '" + targetRef + "'",
                                GroupLines.heads(heads))
                        .hinted("align models of one number of heads");
            }
        }
    }

    private void requireFit(String tensor, Shape own, Shape its, boolean[] free) {
        boolean mappable = own.rank() == its.rank();
        for (int axis = 0; mappable && axis < own.rank(); axis++) {
            mappable = own.dim(axis) == its.dim(axis) || free[axis];
        }
        boolean crosses = options.method().crossesWidths() || options.permutations().isPresent();
        if (!own.equals(its) && !(mappable && crosses)) {
            throw refused(
                            "tensor '" + tensor + "' of model '" + ref + "'",
                            "shape " + its + " as in '" + targetRef + "'",
                            own.toString())
                    .hinted(
                            mappable
                                    ? "align models of other widths by 'method: ot', or widen the narrow one by 'widen: copies'"
                                    : "only hidden units of perceptrons and MLPs may differ in number");
        }
    }

    private Refusal refused(String what, String expected, String got) {
        return new Refusal(Problem.expected(what, expected, got).at(ref.location()));
    }

    private record Refusal(Problem problem) {
        BadInputException hinted(String hint) {
            return new BadInputException(problem.hint(hint));
        }
    }
}
