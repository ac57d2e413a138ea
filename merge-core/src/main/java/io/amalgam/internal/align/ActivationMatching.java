package io.amalgam.internal.align;

import io.amalgam.checkpoint.Preparation.Context;
import io.amalgam.internal.align.Moves.OfUnits;
import io.amalgam.internal.align.groups.Group;
import io.amalgam.internal.align.groups.Group.Heads;
import io.amalgam.internal.align.groups.Group.Units;
import io.amalgam.internal.align.groups.Grouping;
import io.amalgam.internal.align.match.Assignment;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Matching by activations on the same inputs: each group by itself. Units without activations stay;
 * heads are matched by weights.
 */
final class ActivationMatching {
    private final Grouping grouping;
    private final Pair pair;
    private final AlignOptions options;
    private final Activations activations;
    private final Context context;

    ActivationMatching(
            Grouping grouping,
            Pair pair,
            AlignOptions options,
            Activations activations,
            Context context) {
        this.grouping = grouping;
        this.pair = pair;
        this.options = options;
        this.activations = activations;
        this.context = context;
    }

    Map<String, Moves> run() throws IOException {
        Map<String, Moves> moves = new LinkedHashMap<>();
        grouping.groups().forEach(group -> moves.put(group.name(), Moves.none(group)));
        for (Group group : grouping.groups()) {
            context.checkCancelled();
            if (group instanceof Heads heads) {
                moves.put(heads.name(), new HeadMatching(heads, pair, moves, context).match());
                continue;
            }
            Units units = (Units) group;
            Optional<double[]> fits = activations.fits(units, options, context);
            if (fits.isPresent()) {
                int[] order = Assignment.largest(fits.get(), units.size());
                moves.put(group.name(), new OfUnits(AxisMap.of(units.size(), order)));
            }
        }
        return moves;
    }
}
