package io.amalgam.internal.align;

import io.amalgam.checkpoint.Preparation.Context;
import io.amalgam.internal.align.AlignOptions.Rule;
import io.amalgam.internal.align.Moves.OfUnits;
import io.amalgam.internal.align.groups.Group;
import io.amalgam.internal.align.groups.Group.Heads;
import io.amalgam.internal.align.groups.Group.Units;
import io.amalgam.internal.align.groups.Grouping;
import io.amalgam.internal.align.groups.Places;
import io.amalgam.internal.align.match.Transport;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Fusion by optimal transport (Singh and Jaggi 2020): layer by layer, units go where what they are
 * computed from fits best, by weights or by activations. Widths may differ. Heads are assigned as
 * in weight matching, once.
 */
final class TransportMatching {
    private final Grouping grouping;
    private final Grouping target;
    private final Pair pair;
    private final AlignOptions options;
    private final Optional<Activations> activations;
    private final Context context;
    private final Map<String, Moves> moves = new LinkedHashMap<>();

    TransportMatching(
            Grouping grouping,
            Grouping target,
            Pair pair,
            AlignOptions options,
            Optional<Activations> activations,
            Context context) {
        this.grouping = grouping;
        this.target = target;
        this.pair = pair;
        this.options = options;
        this.activations = activations;
        this.context = context;
        grouping.groups().forEach(group -> moves.put(group.name(), Moves.none(group)));
    }

    Map<String, Moves> run() throws IOException {
        int done = 0;
        for (Group group : grouping.groups()) {
            context.checkCancelled();
            if (group instanceof Heads heads) {
                moves.put(group.name(), new HeadMatching(heads, pair, moves, context).match());
            } else {
                units((Units) group);
            }
            context.progressed(++done, grouping.groups().size());
        }
        return moves;
    }

    private void units(Units group) throws IOException {
        Units its = (Units) other(group);
        Distances distances = new Distances(group.size(), its.size());
        boolean active = activations.isPresent();
        if (active) {
            active = activations.get().addInputs(group, distances, context);
        }
        if (!active) {
            List<Places> own = compared(grouping, group);
            List<Places> others = compared(target, its);
            for (int i = 0; i < own.size(); i++) {
                pair.add(own.get(i), others.get(i), moves, distances, context);
            }
        }
        int rows = group.size();
        int columns = its.size();
        double[] costs = distances.values(options.metric());
        double[] plan =
                options.regularization().isPresent()
                        ? Transport.sinkhorn(
                                costs, rows, columns, options.regularization().getAsDouble())
                        : Transport.exact(costs, rows, columns);
        moves.put(group.name(), maps(plan, rows, columns, options.rule()));
    }

    /** Units of a group in the target, or else as many as in the model itself. */
    static int size(Grouping target, String name, int own) {
        for (Group group : target.groups()) {
            if (group.name().equals(name) && group instanceof Units units) {
                return units.size();
            }
        }
        return own;
    }

    private Group other(Group group) {
        return target.groups().stream()
                .filter(its -> its.name().equals(group.name()))
                .findFirst()
                .orElseThrow();
    }

    /** What a unit is computed from; of the stream, what nothing else moves. */
    private static List<Places> compared(Grouping grouping, Units group) {
        boolean stream = grouping.stream().filter(group::equals).isPresent();
        List<Places> places = new ArrayList<>();
        for (Places each : stream ? group.places() : group.incoming()) {
            if (!stream || grouping.anchors().contains(each.tensor())) {
                places.add(each);
            }
        }
        return places;
    }

    /** A plan as maps of what writes units and of what reads them. */
    static OfUnits maps(double[] plan, int rows, int columns, Rule rule) {
        double[] rowSums = new double[rows];
        double[] columnSums = new double[columns];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                rowSums[i] += plan[i * columns + j];
                columnSums[j] += plan[i * columns + j];
            }
        }
        AxisMap writing = map(plan, rows, columns, (i, j) -> 1 / columnSums[j]);
        if (rows == columns && writing.moves()) {
            return new OfUnits(writing);
        }
        AxisMap reading =
                rule == Rule.PAPER ? writing : map(plan, rows, columns, (i, j) -> 1 / rowSums[i]);
        return new OfUnits(writing, reading);
    }

    private interface Factor {
        double at(int row, int column);
    }

    private static AxisMap map(double[] plan, int rows, int columns, Factor factor) {
        int[] starts = new int[columns + 1];
        List<Integer> sources = new ArrayList<>();
        List<Double> factors = new ArrayList<>();
        for (int j = 0; j < columns; j++) {
            for (int i = 0; i < rows; i++) {
                double mass = plan[i * columns + j];
                if (mass > 0) {
                    sources.add(i);
                    factors.add(mass * factor.at(i, j));
                }
            }
            starts[j + 1] = sources.size();
        }
        int[] from = sources.stream().mapToInt(Integer::intValue).toArray();
        boolean single = from.length == columns && factors.stream().allMatch(x -> x == 1);
        return single
                ? AxisMap.of(rows, from)
                : new AxisMap(
                        rows,
                        starts,
                        from,
                        factors.stream().mapToDouble(Objects::requireNonNull).toArray());
    }
}
