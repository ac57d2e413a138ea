package io.amalgam.internal.align.groups;

import io.amalgam.internal.align.groups.AttentionLayer.Stays;
import io.amalgam.internal.align.groups.Group.Units;
import io.amalgam.tensor.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/** The units inside one feed-forward layer. */
final class MlpLayer {
    private final Map<String, Shape> shapes;
    private final Predicate<String> transposed;
    private final Map<Roles, Set<String>> modules = new LinkedHashMap<>();

    MlpLayer(Map<String, Shape> shapes, Predicate<String> transposed) {
        this.shapes = shapes;
        this.transposed = transposed;
    }

    void add(Roles role, String module) {
        modules.computeIfAbsent(role, unused -> new TreeSet<>()).add(module);
    }

    /** Its modules, and whether they write to the stream. */
    Map<String, Boolean> modules() {
        Map<String, Boolean> all = new LinkedHashMap<>();
        modules.forEach((role, names) -> names.forEach(n -> all.put(n, role == Roles.DOWN)));
        return all;
    }

    /**
     * @param unknown tensors of the same layer whose role is not known
     */
    Units units(String name, List<String> unknown) throws Stays {
        Set<String> down = modules.getOrDefault(Roles.DOWN, Set.of());
        if (down.size() != 1) {
            throw new Stays("no single matrix reads them");
        }
        String last = down.iterator().next() + ".weight";
        Shape shape = shape(last);
        int axis = transposed.test(last) ? 0 : 1;
        int size = (int) shape.dim(axis);
        List<Places> incoming = new ArrayList<>();
        for (String module : modules.getOrDefault(Roles.UP, Set.of())) {
            rows(module, size, 1, incoming);
        }
        for (String module : modules.getOrDefault(Roles.GATE_UP, Set.of())) {
            rows(module, size, 2, incoming);
        }
        if (incoming.isEmpty()) {
            throw new Stays("no matrix writes them");
        }
        for (String tensor : unknown) {
            for (long dim : shapes.getOrDefault(tensor, Shape.of()).dims()) {
                if (dim == size) {
                    throw new Stays("tensor '" + tensor + "' is not known");
                }
            }
        }
        List<Places> places = new ArrayList<>(incoming);
        places.add(Places.whole(last, axis));
        return new Units(name, size, places, incoming);
    }

    private Shape shape(String weight) throws Stays {
        Shape shape = shapes.get(weight);
        if (shape == null || shape.rank() != 2) {
            throw new Stays("'" + weight + "' is no matrix");
        }
        return shape;
    }

    private void rows(String module, int size, int parts, List<Places> places) throws Stays {
        String weight = module + ".weight";
        int axis = transposed.test(weight) ? 1 : 0;
        if (shape(weight).dim(axis) != (long) parts * size) {
            throw new Stays("'" + module + "' has another number of units");
        }
        for (int part = 0; part < parts; part++) {
            places.add(Places.units(weight, axis, part * size, 1));
            if (shapes.containsKey(module + ".bias")) {
                places.add(Places.units(module + ".bias", 0, part * size, 1));
            }
        }
    }
}
