package io.amalgam.internal.align;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.align.AlignOptions.Widen;
import io.amalgam.internal.align.Moves.OfUnits;
import io.amalgam.internal.align.groups.Group;
import io.amalgam.internal.align.groups.Group.Units;
import io.amalgam.internal.align.groups.Grouping;
import io.amalgam.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A model made as wide as another, computing what it did: with copies of units, or with zeros. */
final class Widening {
    private Widening() {}

    static Map<String, TensorSource> of(
            Map<String, TensorSource> tensors,
            Map<String, Shape> shapes,
            Grouping grouping,
            Grouping target,
            Widen how) {
        Map<String, Moves> moves = new LinkedHashMap<>();
        for (Group group : grouping.groups()) {
            Optional<Group> other =
                    target.groups().stream()
                            .filter(its -> its.name().equals(group.name()))
                            .findFirst();
            boolean wider =
                    group instanceof Units units
                            && other.isPresent()
                            && ((Units) other.get()).size() > units.size();
            moves.put(
                    group.name(),
                    wider
                            ? widened(
                                    ((Units) group).size(),
                                    ((Units) other.orElseThrow()).size(),
                                    how)
                            : Moves.none(group));
        }
        TensorMaps maps = new TensorMaps(grouping, shapes);
        Map<String, TensorSource> wide = new LinkedHashMap<>(tensors);
        for (String name : maps.tensors()) {
            List<Optional<AxisMap>> axes = maps.of(name, moves);
            wide.computeIfPresent(
                    name,
                    (unused, source) ->
                            new MappedTensor(source, NewShape.of(source.info(), axes), () -> axes));
        }
        return wide;
    }

    private static OfUnits widened(int size, int wide, Widen how) {
        int[] starts = new int[wide + 1];
        int[] sources = new int[wide];
        double[] writing = new double[wide];
        double[] reading = new double[wide];
        for (int j = 0; j < wide; j++) {
            int copies = wide / size + (j % size < wide % size ? 1 : 0);
            sources[j] = how == Widen.ZEROS && j >= size ? -1 : j % size;
            writing[j] = 1;
            reading[j] = how == Widen.ZEROS ? 1 : 1.0 / copies;
            starts[j + 1] = j + 1;
        }
        return new OfUnits(
                new AxisMap(size, starts, sources, writing),
                new AxisMap(size, starts, sources, reading));
    }
}
