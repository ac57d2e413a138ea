package io.amalgam.internal.structure;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.recipe.Location;
import io.amalgam.recipe.ModelRef;
import io.amalgam.recipe.OutputSlice;
import io.amalgam.recipe.OutputSlice.LayerSource;
import io.amalgam.recipe.ParameterValue;
import io.amalgam.recipe.ParameterValue.Filtered;
import io.amalgam.recipe.ParameterValue.Scalar;
import io.amalgam.recipe.Parameters;
import io.amalgam.recipe.Recipe;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * Depth up-scaling: several copies of one model's layers on top of each other, which overlap where
 * they meet. Of an overlap the lower copy gives the first half and the upper copy the second (32
 * layers, two copies, overlap 16: layers 0-23, then 8-31), or every pair of layers is averaged. The
 * result is a start for continued training.
 *
 * <p>Kim et al. 2023, "SOLAR 10.7B: Scaling Large Language Models with Simple yet Effective Depth
 * Up-Scaling", <a href="https://arxiv.org/abs/2312.15166">arXiv 2312.15166</a>.
 *
 * @param layers of the model, n
 * @param overlaps at each place where two copies meet, how many layers of one lie over layers of
 *     the other, 0 to n; the result has {@code n * copies - sum(overlaps)} layers
 * @param average whether overlapping layers are averaged
 * @param damping factor for the output projections of layers that are already further down; 0 makes
 *     them do nothing at first
 */
public record DepthUpscaling(
        int layers, List<Integer> overlaps, boolean average, OptionalDouble damping) {
    /** Of layers and copies: far more than any model has, and what a plan can hold. */
    private static final int MOST = 10_000;

    public DepthUpscaling {
        overlaps = List.copyOf(overlaps);
    }

    /**
     * What is asked for, checked against a model.
     *
     * @param layers of the model
     * @param target layers of the result
     * @param overlap layers that lie over each other where copies meet
     * @param copies how many; as few as suffice if not given, at least 2
     * @throws BadInputException if no such stack can be made
     */
    public static DepthUpscaling of(
            int layers,
            Optional<Integer> target,
            Optional<Integer> overlap,
            Optional<Integer> copies,
            boolean average,
            OptionalDouble damping) {
        int count =
                copies.orElseGet(
                        () -> target.map(t -> Math.max(2, (t + layers - 1) / layers)).orElse(2));
        require(count >= 2, "copies", "at least 2", count, "one copy is the model itself");
        require(count <= MOST, "copies", "at most " + MOST, count, "no model is that deep");
        if (overlap.isPresent()) {
            require(
                    overlap.get() >= 0 && overlap.get() < layers,
                    "overlap",
                    "0 to " + (layers - 1) + ", as the model has " + layers + " layers",
                    overlap.get(),
                    "copies that overlap altogether are one");
        }
        long most = (long) count * layers;
        long depth = target.map(Integer::longValue).orElse(most - (count - 1L) * overlap.orElse(0));
        require(depth <= MOST, "layers", "at most " + MOST, depth, "no model is that deep");
        require(
                depth > layers,
                "layers",
                "more than the model's " + layers,
                depth,
                "to take layers away stack fewer of them");
        require(
                depth <= most,
                "layers",
                "at most " + most + ", " + count + " times the model's " + layers,
                depth,
                "give DepthUpscaling.copies " + (depth + layers - 1) / layers);
        require(
                overlap.isEmpty() || depth == most - (count - 1L) * overlap.get(),
                "layers",
                (most - (count - 1L) * overlap.orElse(0))
                        + " with "
                        + count
                        + " copies and an overlap of "
                        + overlap.orElse(0),
                depth,
                "give either DepthUpscaling.layers or DepthUpscaling.overlap");
        int shared = (int) (most - depth);
        List<Integer> overlaps = new ArrayList<>();
        for (int seam = 0; seam < count - 1; seam++) {
            // As even as can be; the lower ones take what is left over.
            int seams = count - 1;
            overlaps.add(shared / seams + (seam < shared % seams ? 1 : 0));
        }
        for (int seam = 1; average && seam < overlaps.size(); seam++) {
            int both = overlaps.get(seam - 1) + overlaps.get(seam);
            require(
                    both <= layers,
                    "layers",
                    "overlaps of at most half the model's " + layers + " where they are averaged",
                    overlaps.get(seam - 1),
                    "three layers would meet in one place: use fewer copies, or more layers");
        }
        return new DepthUpscaling(layers, overlaps, average, damping);
    }

    private static void require(
            boolean good, String what, String expected, long found, String hint) {
        if (!good) {
            throw new BadInputException(
                    Problem.expected("'DepthUpscaling." + what + "'", expected, found).hint(hint));
        }
    }

    public int copies() {
        return overlaps.size() + 1;
    }

    /**
     * The model's layers that each layer of the result is made of, from first to last: one, or two
     * that are averaged.
     */
    public List<List<Integer>> stack() {
        return average ? averaged() : halved();
    }

    private List<List<Integer>> halved() {
        List<List<Integer>> stack = new ArrayList<>();
        for (int copy = 0; copy < copies(); copy++) {
            int below = copy == 0 ? 0 : overlaps.get(copy - 1);
            int above = copy == copies() - 1 ? 0 : overlaps.get(copy);
            for (int layer = (below + 1) / 2; layer < layers - above / 2; layer++) {
                stack.add(List.of(layer));
            }
        }
        return stack;
    }

    private List<List<Integer>> averaged() {
        List<List<Integer>> stack = new ArrayList<>();
        for (int copy = 0; copy < copies(); copy++) {
            int below = copy == 0 ? 0 : overlaps.get(copy - 1);
            int start = stack.size() - below;
            for (int layer = 0; layer < layers; layer++) {
                if (layer < below) {
                    stack.set(start + layer, List.of(stack.get(start + layer).get(0), layer));
                } else {
                    stack.add(List.of(layer));
                }
            }
        }
        return stack;
    }

    /**
     * The recipe.
     *
     * @param model path of the model
     * @param projections filters that fit the tensors to damp: see {@link OutputProjections}
     */
    public Recipe recipe(String model, List<String> projections) {
        List<OutputSlice> slices = new ArrayList<>();
        Set<Integer> seen = new HashSet<>();
        List<List<Integer>> stack = stack();
        int from = 0;
        while (from < stack.size()) {
            boolean repeated = seen.containsAll(stack.get(from));
            int to = from;
            while (to < stack.size() && continues(stack, from, to, seen, repeated)) {
                seen.addAll(stack.get(to));
                to++;
            }
            slices.add(slice(model, stack.get(from), to - from, repeated, projections));
            from = to;
        }
        return LayerStacking.recipe(
                average ? "linear" : "passthrough",
                slices,
                average
                        ? Parameters.of(Map.of("normalize", ParameterValue.of(false)))
                        : Parameters.EMPTY);
    }

    /** Whether layer {@code at} of the result belongs to the slice that begins at {@code from}. */
    private boolean continues(
            List<List<Integer>> stack, int from, int at, Set<Integer> seen, boolean repeated) {
        List<Integer> first = stack.get(from);
        List<Integer> here = stack.get(at);
        if (here.size() != first.size()) {
            return false;
        }
        for (int i = 0; i < here.size(); i++) {
            if (here.get(i) != first.get(i) + (at - from)) {
                return false;
            }
        }
        return damping.isEmpty() || seen.containsAll(here) == repeated;
    }

    private OutputSlice slice(
            String model,
            List<Integer> first,
            int length,
            boolean repeated,
            List<String> projections) {
        List<LayerSource> sources = new ArrayList<>();
        for (int start : first) {
            sources.add(
                    new LayerSource(
                            ModelRef.of(model),
                            start,
                            start + length,
                            parameters(1.0 / first.size(), repeated, projections),
                            Location.NONE));
        }
        return new OutputSlice(sources, Optional.empty(), Parameters.EMPTY, Location.NONE);
    }

    /** {@code linear} has no scale: without normalisation its weights are one. */
    private Parameters parameters(double share, boolean repeated, List<String> projections) {
        boolean damped = repeated && damping.isPresent();
        String name = average ? "weight" : "scale";
        if (!damped) {
            return average
                    ? Parameters.of(Map.of(name, ParameterValue.of(share)))
                    : Parameters.EMPTY;
        }
        List<Filtered.Entry> entries = new ArrayList<>();
        for (String filter : projections) {
            Scalar value = new Scalar(share * damping.getAsDouble(), Location.NONE);
            entries.add(new Filtered.Entry(Optional.of(filter), value, Location.NONE));
        }
        Scalar rest = new Scalar(share, Location.NONE);
        entries.add(new Filtered.Entry(Optional.empty(), rest, Location.NONE));
        Map<String, ParameterValue> values = new LinkedHashMap<>();
        values.put(name, new Filtered(entries, Location.NONE));
        return Parameters.of(values);
    }
}
