package io.amalgam.internal.align;

import io.amalgam.checkpoint.Preparation.Context;
import io.amalgam.internal.align.Moves.OfHeads;
import io.amalgam.internal.align.Moves.OfUnits;
import io.amalgam.internal.align.groups.Group;
import io.amalgam.internal.align.groups.Group.Heads;
import io.amalgam.internal.align.groups.Group.Units;
import io.amalgam.internal.align.groups.Grouping;
import io.amalgam.internal.align.groups.Places;
import io.amalgam.internal.align.match.Assignment;
import io.amalgam.internal.align.match.Similarity;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Weight matching (Git Re-Basin, Ainsworth et al. 2022): one group after another gets the order in
 * which its weights fit those of the fixed model best, with all others as they are at the time,
 * until nothing changes.
 */
final class WeightMatching {
    private static final int MOST_PASSES = 100;

    /** Growth of the objective, relative to it, below which nothing has changed. */
    private static final double NOTHING = 1e-12;

    private final Grouping grouping;
    private final Pair pair;
    private final Context context;
    private final Map<String, Moves> moves = new LinkedHashMap<>();
    private final List<Double> objectives = new ArrayList<>();

    /** Groups of whose tensors another axis has moved since they were matched. */
    private final Set<String> open = new HashSet<>();

    private final Map<String, Set<String>> neighbours = new HashMap<>();

    WeightMatching(Grouping grouping, Pair pair, Context context) {
        this.grouping = grouping;
        this.pair = pair;
        this.context = context;
        for (Group group : grouping.groups()) {
            moves.put(group.name(), Moves.none(group));
            open.add(group.name());
            neighbours.put(group.name(), neighbours(group));
        }
    }

    /** Groups with an axis of a tensor of this one; itself, if it has two axes of one. */
    private Set<String> neighbours(Group group) {
        Set<String> tensors = new HashSet<>();
        group.places().forEach(places -> tensors.add(places.tensor()));
        Set<String> names = new HashSet<>();
        for (Group other : grouping.groups()) {
            boolean own = other.equals(group) && !(group instanceof Units units && isSquare(units));
            if (!own && other.places().stream().anyMatch(p -> tensors.contains(p.tensor()))) {
                names.add(other.name());
            }
        }
        return names;
    }

    /** Where the units of all groups come from. */
    Map<String, Moves> run() throws IOException {
        double objective = pair.product(moves, context);
        objectives.add(objective);
        Optional<Units> stream = grouping.stream();
        if (stream.isPresent()) {
            units(stream.get(), true);
        }
        for (int pass = 0; pass < MOST_PASSES; pass++) {
            boolean changed = false;
            int done = 0;
            for (Group group : grouping.groups()) {
                context.checkCancelled();
                boolean estimated = pass == 0 && stream.filter(group::equals).isPresent();
                if (!estimated && open.remove(group.name())) {
                    boolean moved =
                            group instanceof Units units
                                    ? units(units, false)
                                    : heads((Heads) group);
                    if (moved) {
                        open.addAll(neighbours.getOrDefault(group.name(), Set.of()));
                    }
                    changed |= moved;
                }
                context.progressed(++done, grouping.groups().size());
            }
            double before = objective;
            objective = pair.product(moves, context);
            objectives.add(objective);
            if (!changed || (pass > 0 && objective - before <= NOTHING * Math.abs(objective))) {
                break;
            }
        }
        return moves;
    }

    /** The sum of the products of all weights, before the first pass and after each. */
    List<Double> objectives() {
        return List.copyOf(objectives);
    }

    /**
     * @param anchored whether only tensors count on which nothing else moves
     */
    private boolean units(Units group, boolean anchored) throws IOException {
        int n = group.size();
        Map<String, Integer> times = new HashMap<>();
        group.places().forEach(p -> times.merge(p.tensor(), 1, Integer::sum));
        Similarity single = new Similarity(n, n);
        Similarity twice = isSquare(group) ? new Similarity(n, n) : single;
        List<Places> several = new ArrayList<>();
        for (Places places : sorted(group.places())) {
            boolean square =
                    times.getOrDefault(places.tensor(), 0) > 1 && axes(group, places.tensor()) > 1;
            if (square) {
                several.add(places);
            }
            if (!anchored || (grouping.anchors().contains(places.tensor()) && !square)) {
                pair.add(places, n, moves, square ? twice : single, context);
            }
        }
        double[] sum = single.values();
        if (twice != single) {
            sum = sum.clone();
            for (int i = 0; i < sum.length; i++) {
                sum[i] += twice.values()[i];
            }
        }
        int[] before = ((OfUnits) Objects.requireNonNull(moves.get(group.name()))).map().sources();
        int[] after = Assignment.largest(sum, n);
        double gain = total(single, after) - total(single, before);
        Map<String, Moves> tried = new HashMap<>(moves);
        tried.put(group.name(), new OfUnits(AxisMap.of(n, after)));
        if (!several.isEmpty() && !anchored) {
            List<String> names = several.stream().map(Places::tensor).distinct().toList();
            gain += pair.product(names, tried, context) - pair.product(names, moves, context);
        }
        boolean changed = !java.util.Arrays.equals(before, after);
        if (anchored || (changed && gain > 0)) {
            moves.put(group.name(), new OfUnits(AxisMap.of(n, after)));
            return changed;
        }
        return false;
    }

    /** Whether a tensor has a group on two of its axes, so that it must be tried out. */
    static boolean isSquare(Units group) {
        return group.places().stream().anyMatch(p -> axes(group, p.tensor()) > 1);
    }

    private static List<Places> sorted(List<Places> places) {
        return places.stream()
                .sorted(
                        java.util.Comparator.comparing(Places::tensor)
                                .thenComparing(Places::axis)
                                .thenComparing(Places::base))
                .toList();
    }

    private static long axes(Units group, String tensor) {
        return group.places().stream()
                .filter(p -> p.tensor().equals(tensor))
                .map(Places::axis)
                .distinct()
                .count();
    }

    private static double total(Similarity similarity, int[] assigned) {
        double sum = 0;
        for (int i = 0; i < assigned.length; i++) {
            sum += similarity.get(i, assigned[i]);
        }
        return sum;
    }

    private boolean heads(Heads heads) throws IOException {
        OfHeads before = (OfHeads) Objects.requireNonNull(moves.get(heads.name()));
        OfHeads after = new HeadMatching(heads, pair, moves, context).match();
        moves.put(heads.name(), after);
        return !after.equals(before);
    }
}
