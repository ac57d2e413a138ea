package io.amalgam.internal.align.groups;

import io.amalgam.internal.align.groups.Group.Heads;
import io.amalgam.internal.align.groups.HeadCounts.Positions;
import io.amalgam.tensor.Shape;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** The heads of one attention layer, from the modules under its name. */
final class AttentionLayer {
    private final String name;
    private final Map<String, Shape> tensors;
    private final HeadCounts counts;
    private final Predicate<String> transposed;
    private final Map<Roles, String> parts = new EnumMap<>(Roles.class);
    private final List<Places> query = new ArrayList<>();
    private final List<Places> key = new ArrayList<>();
    private final List<Places> value = new ArrayList<>();
    private final List<Places> output = new ArrayList<>();
    private final List<Places> perHead = new ArrayList<>();
    private final List<String> others;
    private boolean turned;

    /**
     * @param name of the group
     * @param tensors of the layer
     * @param modules by role
     * @param others tensors of the layer that have none of these roles
     * @param transposed whether a weight lies as {@code in x out}
     */
    AttentionLayer(
            String name,
            Map<String, Shape> tensors,
            Map<Roles, String> modules,
            List<String> others,
            HeadCounts counts,
            Predicate<String> transposed) {
        this.name = name;
        this.tensors = tensors;
        this.counts = counts;
        this.transposed = transposed;
        this.others = others;
        this.parts.putAll(modules);
        this.turned = counts.positions() != Positions.LEARNED;
    }

    /** A reason why heads stay where they are. */
    static final class Stays extends Exception {
        private static final long serialVersionUID = 1;

        Stays(String why) {
            super(why);
        }
    }

    Heads heads() throws Stays {
        if (counts.queries() == 0) {
            throw new Stays("config.json does not say how many there are");
        }
        String out = parts.get(Roles.OUTPUT);
        if (out == null) {
            throw new Stays("no output projection is known");
        }
        int width = dim(out, false);
        int queries = counts.queries();
        int keys = counts.keys();
        if (queries % keys != 0 || width % queries != 0) {
            throw new Stays(queries + " heads do not fit a width of " + width);
        }
        int size = width / queries;
        int each = queries / keys;
        if (counts.size() > 0 && counts.size() != size) {
            throw new Stays("a head has " + size + " units, config.json says " + counts.size());
        }
        rows(width, keys * size, size, each);
        int outAxis = transposed.test(out + ".weight") ? 0 : 1;
        output.add(new Places(out + ".weight", outAxis, 0, each * size, size, 1, 1));
        further(width, keys * size, size, each);
        boolean fixed =
                counts.positions() == Positions.SLOPES || counts.positions() == Positions.UNKNOWN;
        return new Heads(name, keys, each, size, fixed, turned, query, key, value, output, perHead);
    }

    private int dim(String module, boolean rows) throws Stays {
        Shape shape = tensors.get(module + ".weight");
        if (shape == null || shape.rank() != 2) {
            throw new Stays("'" + module + "' has no matrix 'weight'");
        }
        boolean flipped = transposed.test(module + ".weight");
        return (int) shape.dim(rows == flipped ? 1 : 0);
    }

    private void rows(int width, int narrow, int size, int each) throws Stays {
        String fused = parts.get(Roles.QKV);
        if (fused == null) {
            rows(Roles.QUERY, query, width, size, each);
            rows(Roles.KEY, key, narrow, size, 1);
            rows(Roles.VALUE, value, narrow, size, 1);
            return;
        }
        if (dim(fused, true) != width + 2 * narrow) {
            throw new Stays("'" + fused + "' has another number of rows than its heads");
        }
        switch (FusedOrder.of(Modules.leaf(fused), counts.type(), width == narrow)) {
            case PARTS -> {
                add(query, fused, 0, each * size, size);
                add(key, fused, width, size, 0);
                add(value, fused, width + narrow, size, 0);
            }
            case HEADS -> {
                int group = (each + 2) * size;
                add(query, fused, 0, group, size);
                add(key, fused, each * size, group, 0);
                add(value, fused, (each + 1) * size, group, 0);
            }
            case UNKNOWN -> throw new Stays("the order of rows in '" + fused + "' is not known");
        }
    }

    private void rows(Roles role, List<Places> places, int rows, int size, int each) throws Stays {
        String module = parts.get(role);
        if (module == null) {
            throw new Stays("no module for its " + role.name().toLowerCase(java.util.Locale.ROOT));
        }
        if (dim(module, true) != rows) {
            throw new Stays("'" + module + "' has another number of rows than its heads");
        }
        add(places, module, 0, each * size, size);
    }

    private void add(List<Places> places, String module, int base, int byGroup, int byHead) {
        int axis = transposed.test(module + ".weight") ? 1 : 0;
        places.add(new Places(module + ".weight", axis, base, byGroup, byHead, 1, 1));
        if (tensors.containsKey(module + ".bias")) {
            places.add(new Places(module + ".bias", 0, base, byGroup, byHead, 1, 1));
        }
    }

    /** Norms of queries and keys, numbers of heads; anything else is not understood. */
    private void further(int width, int narrow, int size, int each) throws Stays {
        for (String tensor : others) {
            Shape shape = tensors.getOrDefault(tensor, Shape.of());
            String leaf = Modules.leaf(Modules.owner(tensor));
            boolean ofQuery =
                    Optional.of(leaf).filter(l -> l.matches("q_(layer)?norm")).isPresent();
            boolean ofKey = leaf.matches("k_(layer)?norm");
            if (shape.rank() == 1 && (ofQuery || ofKey)) {
                long elements = shape.dim(0);
                if (elements == size) {
                    turned = true;
                } else if (elements == (ofQuery ? width : narrow)) {
                    int byGroup = ofQuery ? each * size : size;
                    Places rows = new Places(tensor, 0, 0, byGroup, ofQuery ? size : 0, 1, 1);
                    (ofQuery ? query : key).add(rows);
                } else {
                    throw new Stays("tensor '" + tensor + "' is not known");
                }
            } else if (shape.rank() == 1 && (leaf.equals("sinks") || tensor.endsWith(".sinks"))) {
                perHead.add(new Places(tensor, 0, 0, each, 1, 0, 1));
            } else {
                throw new Stays("tensor '" + tensor + "' is not known");
            }
        }
    }
}
