package io.amalgam.internal.align;

import io.amalgam.checkpoint.Preparation.Context;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.align.groups.Places;
import io.amalgam.internal.align.match.Similarity;
import io.amalgam.internal.checkpoint.TensorReads;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The tensors of the two models of an alignment.
 *
 * @param fixed those of the model that stays as it is
 * @param moving those of the model that is put in its order
 * @param maps of the moving model
 */
record Pair(
        Map<String, ? extends TensorSource> fixed,
        Map<String, ? extends TensorSource> moving,
        TensorMaps maps) {
    private static final int BLOCK = 1 << 14;

    private TensorSource fixed(String name) {
        return Objects.requireNonNull(fixed.get(name));
    }

    /**
     * Tensors of the moving model that the fixed one has too, in an order that is always the same.
     */
    Set<String> shared() {
        Set<String> shared = new TreeSet<>(moving.keySet());
        shared.retainAll(fixed.keySet());
        return shared;
    }

    /** Whether a tensor has one shape in both models. */
    boolean sameShape(String name) {
        return fixed(name).info().shape().equals(moving(name).info().shape());
    }

    private TensorSource moving(String name) {
        return Objects.requireNonNull(moving.get(name));
    }

    /** A tensor of the moving model with all its axes moved. */
    TensorSource moved(String name, Map<String, Moves> moves) {
        return mapped(name, maps.of(name, moves));
    }

    private TensorSource mapped(String name, List<Optional<AxisMap>> axes) {
        TensorSource source = moving(name);
        return new MappedTensor(source, NewShape.of(source.info(), axes), () -> axes);
    }

    /** Adds the products of units at places of one tensor, its other axes moved. */
    void add(Places places, int units, Map<String, Moves> moves, Similarity to, Context context)
            throws IOException {
        add(places, units(places, units), moves, to, context);
    }

    /**
     * The same.
     *
     * @param at the first element of each unit on its axis
     */
    void add(Places places, int[] at, Map<String, Moves> moves, Similarity to, Context context)
            throws IOException {
        String name = places.tensor();
        if (!fixed.containsKey(name)) {
            return;
        }
        TensorSource other = mapped(name, maps.without(name, places.axis(), moves));
        UnitReader a = new UnitReader(fixed(name), places.axis(), at, places.block());
        UnitReader b = new UnitReader(other, places.axis(), at, places.block());
        add(a, b, to::add, context);
    }

    /**
     * Adds the products and the squares of what units of both models are computed from.
     *
     * @param own places in the moving model
     * @param its the same in the fixed one
     */
    void add(Places own, Places its, Map<String, Moves> moves, Distances to, Context context)
            throws IOException {
        String name = own.tensor();
        if (!fixed.containsKey(name)) {
            return;
        }
        TensorSource other = mapped(name, maps.without(name, own.axis(), moves));
        UnitReader a = new UnitReader(other, own.axis(), units(own, to.rows()), own.block());
        UnitReader b =
                new UnitReader(fixed(name), its.axis(), units(its, to.columns()), its.block());
        add(a, b, to::add, context);
    }

    /** Takes features of the units of both models. */
    private interface Features {
        void add(float[] left, float[] right, int count, Context context) throws IOException;
    }

    private static void add(UnitReader a, UnitReader b, Features to, Context context)
            throws IOException {
        int chunk = Math.min(a.chunk(), b.chunk());
        float[] left = new float[chunk * a.units()];
        float[] right = new float[chunk * b.units()];
        for (long first = 0; first < a.features(); first += chunk) {
            context.checkCancelled();
            int n = (int) Math.min(chunk, a.features() - first);
            a.read(first, n, left, context);
            b.read(first, n, right, context);
            to.add(left, right, n, context);
        }
    }

    /** Adds the products of a group's units with each other, in the moving model. */
    void square(Places places, int units, Map<String, Moves> moves, Similarity to, Context context)
            throws IOException {
        TensorSource own =
                mapped(places.tensor(), maps.without(places.tensor(), places.axis(), moves));
        UnitReader reader =
                new UnitReader(own, places.axis(), units(places, units), places.block());
        float[] values = new float[reader.chunk() * units];
        for (long first = 0; first < reader.features(); first += reader.chunk()) {
            int n = (int) Math.min(reader.chunk(), reader.features() - first);
            reader.read(first, n, values, context);
            to.add(values, values, n, context);
        }
    }

    private static int[] units(Places places, int units) {
        int[] at = new int[units];
        for (int i = 0; i < units; i++) {
            at[i] = places.at(i);
        }
        return at;
    }

    /** The sum of the products of all weights that move. */
    double product(Map<String, Moves> moves, Context context) throws IOException {
        return product(maps.tensors(), moves, context);
    }

    double product(Collection<String> names, Map<String, Moves> moves, Context context)
            throws IOException {
        double sum = 0;
        for (String name : shared()) {
            if (names.contains(name)) {
                TensorSource moved = moved(name, moves);
                if (moved.info().shape().equals(fixed(name).info().shape())) {
                    sum += sums(fixed(name), moved, context)[0];
                }
            }
        }
        return sum;
    }

    /** The squared distance of all tensors of one shape. */
    double distance(Map<String, Moves> moves, Context context) throws IOException {
        double sum = 0;
        for (String name : shared()) {
            TensorSource moved = moved(name, moves);
            if (moved.info().shape().equals(fixed(name).info().shape())) {
                sum += sums(fixed(name), moved, context)[1];
            }
        }
        return sum;
    }

    /** Sums of products, and of squared differences, of two tensors of one shape. */
    static double[] sums(TensorSource one, TensorSource other, Context context) throws IOException {
        long elements = one.info().elements();
        int blocks = Math.toIntExact((elements + BLOCK - 1) / BLOCK);
        double[] products = new double[blocks];
        double[] squares = new double[blocks];
        context.forRanges(
                blocks,
                16,
                (from, to, workspace) -> {
                    float[] a = new float[BLOCK];
                    float[] b = new float[BLOCK];
                    for (int i = from; i < to; i++) {
                        long at = (long) i * BLOCK;
                        int n = (int) Math.min(BLOCK, elements - at);
                        TensorReads.into(one, at, n, a, 0, workspace);
                        TensorReads.into(other, at, n, b, 0, workspace);
                        for (int k = 0; k < n; k++) {
                            products[i] += (double) a[k] * b[k];
                            squares[i] += ((double) a[k] - b[k]) * ((double) a[k] - b[k]);
                        }
                    }
                });
        double[] sums = new double[2];
        for (int i = 0; i < blocks; i++) {
            sums[0] += products[i];
            sums[1] += squares[i];
        }
        return sums;
    }
}
