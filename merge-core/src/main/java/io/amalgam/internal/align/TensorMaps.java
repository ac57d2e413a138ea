package io.amalgam.internal.align;

import io.amalgam.internal.align.Moves.OfHeads;
import io.amalgam.internal.align.Moves.OfUnits;
import io.amalgam.internal.align.groups.Group;
import io.amalgam.internal.align.groups.Group.Heads;
import io.amalgam.internal.align.groups.Group.Units;
import io.amalgam.internal.align.groups.Grouping;
import io.amalgam.internal.align.groups.Places;
import io.amalgam.tensor.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** The maps of all axes of a model's tensors, from the moves of its groups. */
final class TensorMaps {
    /** A group at places of a tensor. */
    private record Use(Group group, Places places) {}

    private final Map<String, List<Use>> uses = new HashMap<>();
    private final Map<String, Shape> shapes;

    /**
     * @param shapes of the model that moves
     */
    TensorMaps(Grouping grouping, Map<String, Shape> shapes) {
        this.shapes = shapes;
        for (Group group : grouping.groups()) {
            for (Places places : group.places()) {
                uses.computeIfAbsent(places.tensor(), unused -> new ArrayList<>())
                        .add(new Use(group, places));
            }
        }
    }

    /** Tensors with anything that moves. */
    Set<String> tensors() {
        return new LinkedHashSet<>(uses.keySet());
    }

    /** The maps of a tensor's axes. */
    List<Optional<AxisMap>> of(String tensor, Map<String, Moves> moves) {
        return without(tensor, -1, moves);
    }

    /** The same, but for one axis, which stays. */
    List<Optional<AxisMap>> without(String tensor, int axis, Map<String, Moves> moves) {
        Shape shape = Objects.requireNonNull(shapes.get(tensor));
        List<Optional<AxisMap>> maps = new ArrayList<>();
        for (int a = 0; a < shape.rank(); a++) {
            maps.add(a == axis ? Optional.empty() : axis(tensor, a, shape, moves));
        }
        return maps;
    }

    private Optional<AxisMap> axis(String tensor, int axis, Shape shape, Map<String, Moves> moves) {
        int[] sources = AxisMap.identity(Math.toIntExact(shape.dim(axis))).sources();
        boolean any = false;
        for (Use use : uses.getOrDefault(tensor, List.of())) {
            if (use.places.axis() != axis) {
                continue;
            }
            Moves its = Objects.requireNonNull(moves.get(use.group.name()));
            any = true;
            if (its instanceof OfHeads heads) {
                heads(sources, (Heads) use.group, role(use), heads, use.places);
            } else if (((OfUnits) its).map().moves()
                    && ((OfUnits) its).map().size() == ((OfUnits) its).map().oldSize()) {
                units(sources, ((OfUnits) its).map(), use.places);
            } else {
                boolean vector = shape.rank() == 1;
                boolean writes = vector || ((Units) use.group).incoming().contains(use.places);
                OfUnits units = (OfUnits) its;
                return Optional.of(
                        spread(writes ? units.map() : units.reading(), use.places, shape, axis));
            }
        }
        return any
                ? Optional.of(AxisMap.of(sources.length, sources)).filter(map -> !map.isIdentity())
                : Optional.empty();
    }

    private enum Role {
        QUERY,
        KEY,
        VALUE,
        OUTPUT,
        PER_HEAD,
        NONE
    }

    private static Role role(Use use) {
        if (!(use.group instanceof Heads heads)) {
            return Role.NONE;
        }
        Places places = use.places;
        if (heads.query().contains(places)) {
            return Role.QUERY;
        }
        if (heads.key().contains(places)) {
            return Role.KEY;
        }
        if (heads.value().contains(places)) {
            return Role.VALUE;
        }
        return heads.output().contains(places) ? Role.OUTPUT : Role.PER_HEAD;
    }

    private static void heads(int[] sources, Heads heads, Role role, OfHeads moves, Places at) {
        boolean many = role == Role.QUERY || role == Role.OUTPUT || role == Role.PER_HEAD;
        int queries = many ? heads.queries() : 1;
        int size = role == Role.PER_HEAD ? 1 : heads.size();
        for (int g = 0; g < heads.groups(); g++) {
            int oldGroup = moves.group()[g];
            boolean values = role == Role.VALUE || role == Role.OUTPUT;
            int[] units = (values ? moves.value() : moves.key())[g];
            for (int a = 0; a < queries; a++) {
                int oldHead = many ? moves.query()[g][a] : 0;
                for (int i = 0; i < size; i++) {
                    int oldUnit = role == Role.PER_HEAD ? 0 : units[i];
                    sources[at.at(g, a, i)] = at.at(oldGroup, oldHead, oldUnit);
                }
            }
        }
    }

    private static void units(int[] sources, AxisMap map, Places at) {
        for (int i = 0; i < map.size(); i++) {
            for (int k = 0; k < at.block(); k++) {
                sources[at.at(i) + k] = at.at(map.sources()[i]) + k;
            }
        }
    }

    /** A map of units as a map of an axis on which nothing else is. */
    private static AxisMap spread(AxisMap map, Places at, Shape shape, int axis) {
        int old = Math.toIntExact(shape.dim(axis));
        int block = at.block();
        if (old != map.oldSize() * block) {
            throw new IllegalStateException("units beside others on one axis");
        }
        int[] starts = new int[map.size() * block + 1];
        List<Integer> sources = new ArrayList<>();
        List<Double> factors = new ArrayList<>();
        for (int j = 0; j < map.size(); j++) {
            for (int k = 0; k < block; k++) {
                for (int term = map.from(j); term < map.to(j); term++) {
                    int source = map.sources()[term];
                    sources.add(source < 0 ? -1 : source * block + k);
                    factors.add(map.factor(term));
                }
                starts[j * block + k + 1] = sources.size();
            }
        }
        return new AxisMap(
                old,
                starts,
                sources.stream().mapToInt(Integer::intValue).toArray(),
                factors.stream().mapToDouble(Double::doubleValue).toArray());
    }
}
