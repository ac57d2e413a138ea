package io.amalgam.internal.align;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.align.groups.Group;
import io.amalgam.internal.align.groups.GroupFinder;
import io.amalgam.internal.align.groups.Grouping;
import io.amalgam.internal.align.groups.Places;
import io.amalgam.internal.layers.Conv1d;
import io.amalgam.recipe.ModelRef;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** Plans the alignment of one model to another, from their headers. */
final class Aligning {
    private final ModelRef ref;
    private final Checkpoint moving;
    private final ModelRef targetRef;
    private final Checkpoint fixed;
    private final AlignOptions options;
    private final Optional<Checkpoint> permutations;

    Aligning(
            ModelRef ref,
            Checkpoint moving,
            ModelRef targetRef,
            Checkpoint fixed,
            AlignOptions options,
            Optional<Checkpoint> permutations) {
        this.permutations = permutations;
        this.ref = ref;
        this.moving = moving;
        this.targetRef = targetRef;
        this.fixed = fixed;
        this.options = options;
    }

    AlignedCheckpoint aligned() throws IOException {
        Map<String, TensorSource> own = numbers(moving);
        Map<String, TensorSource> its = numbers(fixed);
        Grouping grouping = grouping(moving, own);
        Grouping other = grouping(fixed, its);
        if (!grouping.depth().equals(other.depth())) {
            throw refused(
                            "layers of model '" + ref + "'",
                            "as many as in '" + targetRef + "', " + words(other),
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
        check(grouping, own, its);
        TensorMaps maps = new TensorMaps(grouping, shapes(own));
        Pair pair = new Pair(its, own, maps);
        AlignmentRun run =
                new AlignmentRun(
                        ref.toString(),
                        targetRef.toString(),
                        options,
                        grouping,
                        pair,
                        given(grouping));
        return new AlignedCheckpoint(moving, fixed, run, maps.tensors());
    }

    private Optional<Map<String, Moves>> given(Grouping grouping) throws IOException {
        return permutations.isPresent()
                ? Optional.of(AlignmentFile.read(permutations.get(), grouping, ref.toString()))
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

    static Grouping grouping(Checkpoint model, Map<String, TensorSource> tensors) {
        Map<String, Shape> shapes = shapes(tensors);
        Conv1d conv = new Conv1d(shapes, model.facts());
        return GroupFinder.find(shapes, model.config(), conv::isTransposed);
    }

    /** What moves must be of one shape in both, and be there in both. */
    private void check(
            Grouping grouping, Map<String, TensorSource> own, Map<String, TensorSource> its) {
        for (Group group : grouping.groups()) {
            Set<String> there = new HashSet<>();
            for (Places places : group.places()) {
                TensorSource other = its.get(places.tensor());
                if (other == null) {
                    continue;
                }
                there.add(places.tensor());
                Shape shape = Objects.requireNonNull(own.get(places.tensor())).info().shape();
                if (!other.info().shape().equals(shape)) {
                    throw refused(
                                    "tensor '" + places.tensor() + "' of model '" + ref + "'",
                                    "shape " + other.info().shape() + " as in '" + targetRef + "'",
                                    shape.toString())
                            .hinted("align models of other widths by 'method: ot'");
                }
            }
            if (there.isEmpty()) {
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

    private Refusal refused(String what, String expected, String got) {
        return new Refusal(Problem.expected(what, expected, got).at(ref.location()));
    }

    private record Refusal(Problem problem) {
        BadInputException hinted(String hint) {
            return new BadInputException(problem.hint(hint));
        }
    }
}
