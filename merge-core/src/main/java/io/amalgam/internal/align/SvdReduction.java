package io.amalgam.internal.align;

import io.amalgam.checkpoint.Preparation.Context;
import io.amalgam.internal.align.Moves.OfUnits;
import io.amalgam.internal.align.groups.Group;
import io.amalgam.internal.align.groups.Group.Units;
import io.amalgam.internal.align.groups.Grouping;
import io.amalgam.internal.align.groups.Places;
import io.amalgam.internal.align.match.Similarity;
import io.amalgam.internal.linalg.Dense;
import io.amalgam.internal.linalg.Matrix;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Units replaced by fewer: the directions in which a layer's weights are widest. It does not pass a
 * nonlinearity, and loses most of what a network can do.
 */
final class SvdReduction {
    private final Grouping grouping;
    private final Grouping target;
    private final Pair own;
    private final Context context;

    /**
     * @param own the moving model on both sides
     */
    SvdReduction(Grouping grouping, Grouping target, Pair own, Context context) {
        this.grouping = grouping;
        this.target = target;
        this.own = own;
        this.context = context;
    }

    Map<String, Moves> run() throws IOException {
        Map<String, Moves> moves = new LinkedHashMap<>();
        grouping.groups().forEach(group -> moves.put(group.name(), Moves.none(group)));
        for (Group group : grouping.groups()) {
            if (!(group instanceof Units units)) {
                continue;
            }
            int its =
                    target.groups().stream()
                            .filter(other -> other.name().equals(group.name()))
                            .mapToInt(other -> ((Units) other).size())
                            .findFirst()
                            .orElse(units.size());
            if (its < units.size()) {
                moves.put(group.name(), reduced(units, its, moves));
            }
        }
        return moves;
    }

    private OfUnits reduced(Units group, int size, Map<String, Moves> moves) throws IOException {
        int n = group.size();
        Similarity squares = new Similarity(n, n);
        for (Places places : group.incoming()) {
            own.square(places, n, moves, squares, context);
        }
        Matrix left = Dense.svd(new Matrix(n, n, squares.values())).truncated(size).u();
        int[] starts = new int[size + 1];
        int[] sources = new int[size * n];
        double[] factors = new double[size * n];
        for (int j = 0; j < size; j++) {
            for (int i = 0; i < n; i++) {
                sources[j * n + i] = i;
                factors[j * n + i] = left.get(i, j);
            }
            starts[j + 1] = (j + 1) * n;
        }
        return new OfUnits(new AxisMap(n, starts, sources, factors));
    }
}
