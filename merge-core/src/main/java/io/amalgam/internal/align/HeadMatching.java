package io.amalgam.internal.align;

import io.amalgam.checkpoint.Preparation.Context;
import io.amalgam.internal.align.Moves.OfHeads;
import io.amalgam.internal.align.groups.Group.Heads;
import io.amalgam.internal.align.groups.Places;
import io.amalgam.internal.align.match.Assignment;
import io.amalgam.internal.align.match.Similarity;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The order of heads and of what is in them. For each pair of groups the units inside are matched,
 * query heads and units in turn until nothing changes; then the groups, by how well they fit.
 */
final class HeadMatching {
    private static final int MOST_ROUNDS = 20;

    private final Heads heads;
    private final Pair pair;
    private final Map<String, Moves> moves;
    private final Context context;
    private final int groups;
    private final int queries;
    private final int size;

    HeadMatching(Heads heads, Pair pair, Map<String, Moves> moves, Context context) {
        this.heads = heads;
        this.pair = pair;
        this.moves = moves;
        this.context = context;
        this.groups = heads.groups();
        this.queries = heads.queries();
        this.size = heads.size();
    }

    /** Numbers held at a time, in bytes. */
    static long bytesHeld(Heads heads) {
        long query = (long) heads.groups() * heads.queries() * heads.size();
        long key = (long) heads.groups() * heads.size();
        return Double.BYTES * 2 * (query * query + key * key);
    }

    /** The best order of one pair of groups. */
    private record Inner(double fit, int[] query, int[] value, int[] key) {}

    OfHeads match() throws IOException {
        Similarity query = products(heads.query(), queries, size);
        Similarity key = products(heads.key(), 1, size);
        Similarity value = products(heads.value(), 1, size);
        Similarity output = products(heads.output(), queries, size);
        Similarity single = products(heads.perHead(), queries, 1);
        Inner[] inner = new Inner[groups * groups];
        context.forRanges(
                inner.length,
                1,
                (from, to, workspace) -> {
                    for (int i = from; i < to; i++) {
                        boolean apart = heads.fixed() && i / groups != i % groups;
                        if (!apart) {
                            inner[i] =
                                    new Round(i / groups, i % groups)
                                            .match(query, key, value, output, single);
                        }
                    }
                });
        int[] group = AxisMap.identity(groups).sources();
        if (!heads.fixed()) {
            double[] fits = Arrays.stream(inner).mapToDouble(Inner::fit).toArray();
            group = Assignment.largest(fits, groups);
        }
        int[][] ofQuery = new int[groups][];
        int[][] ofValue = new int[groups][];
        int[][] ofKey = new int[groups][];
        for (int g = 0; g < groups; g++) {
            Inner chosen = inner[g * groups + group[g]];
            ofQuery[g] = chosen.query;
            ofValue[g] = chosen.value;
            ofKey[g] = chosen.key;
        }
        OfHeads found = new OfHeads(group, ofQuery, ofValue, ofKey);
        OfHeads before = (OfHeads) Objects.requireNonNull(moves.get(heads.name()));
        double gain = 0;
        for (int g = 0; g < groups; g++) {
            gain += new Round(g, group[g]).fit(query, key, value, output, single, found);
            int old = before.group()[g];
            gain -= new Round(g, old).fit(query, key, value, output, single, before);
        }
        return gain > 0 ? found : before;
    }

    private Similarity products(List<Places> places, int each, int units) throws IOException {
        int n = groups * each * units;
        Similarity products = new Similarity(places.isEmpty() ? 0 : n, places.isEmpty() ? 0 : n);
        for (Places place : places) {
            int[] at = new int[n];
            int next = 0;
            for (int g = 0; g < groups; g++) {
                for (int a = 0; a < each; a++) {
                    for (int i = 0; i < units; i++) {
                        at[next++] = place.at(g, a, i);
                    }
                }
            }
            pair.add(place, at, moves, products, context);
        }
        return products;
    }

    /** A pair of groups: {@code g} of the fixed model, {@code h} of the other. */
    private final class Round {
        private final int g;
        private final int h;

        Round(int g, int h) {
            this.g = g;
            this.h = h;
        }

        Inner match(
                Similarity query,
                Similarity key,
                Similarity value,
                Similarity output,
                Similarity single) {
            int[] units = Assignment.largest(block(value, 0, 0, 1), size);
            int[] keys =
                    heads.turned()
                            ? AxisMap.identity(size).sources()
                            : Assignment.largest(block(key, 0, 0, 1), size);
            int[] order = AxisMap.identity(queries).sources();
            for (int round = 0; round < MOST_ROUNDS; round++) {
                int[] newOrder = heads.fixed() ? order : order(query, output, single, keys, units);
                int[] newUnits = Assignment.largest(with(value, output, newOrder), size);
                int[] newKeys =
                        heads.turned()
                                ? keys
                                : Assignment.largest(with(key, query, newOrder), size);
                boolean same =
                        round > 0
                                && Arrays.equals(order, newOrder)
                                && Arrays.equals(units, newUnits)
                                && Arrays.equals(keys, newKeys);
                order = newOrder;
                units = newUnits;
                keys = newKeys;
                if (same) {
                    break;
                }
            }
            double fit = fit(query, key, value, output, single, order, units, keys);
            return new Inner(fit, order, units, keys);
        }

        double fit(
                Similarity query,
                Similarity key,
                Similarity value,
                Similarity output,
                Similarity single,
                OfHeads of) {
            return fit(
                    query, key, value, output, single, of.query()[g], of.value()[g], of.key()[g]);
        }

        private double fit(
                Similarity query,
                Similarity key,
                Similarity value,
                Similarity output,
                Similarity single,
                int[] order,
                int[] units,
                int[] keys) {
            double fit = total(value, 0, 0, 1, units) + total(key, 0, 0, 1, keys);
            for (int a = 0; a < queries; a++) {
                fit += head(query, output, single, a, order[a], keys, units);
            }
            return fit;
        }

        private int[] order(
                Similarity query, Similarity output, Similarity single, int[] keys, int[] units) {
            double[] fits = new double[queries * queries];
            for (int a = 0; a < queries; a++) {
                for (int b = 0; b < queries; b++) {
                    fits[a * queries + b] = head(query, output, single, a, b, keys, units);
                }
            }
            return Assignment.largest(fits, queries);
        }

        private double head(
                Similarity query,
                Similarity output,
                Similarity single,
                int a,
                int b,
                int[] keys,
                int[] units) {
            double alone =
                    single.values().length == 0 ? 0 : single.get(g * queries + a, h * queries + b);
            return total(query, a, b, queries, keys) + total(output, a, b, queries, units) + alone;
        }

        private double total(Similarity of, int a, int b, int each, int[] units) {
            double sum = 0;
            for (int i = 0; i < size; i++) {
                sum += of.get((g * each + a) * size + i, (h * each + b) * size + units[i]);
            }
            return sum;
        }

        private double[] block(Similarity of, int a, int b, int each) {
            double[] block = new double[size * size];
            add(block, of, a, b, each);
            return block;
        }

        private void add(double[] block, Similarity of, int a, int b, int each) {
            for (int i = 0; i < size; i++) {
                for (int j = 0; j < size; j++) {
                    block[i * size + j] +=
                            of.get((g * each + a) * size + i, (h * each + b) * size + j);
                }
            }
        }

        private double[] with(Similarity one, Similarity many, int[] order) {
            double[] block = block(one, 0, 0, 1);
            for (int a = 0; a < queries; a++) {
                add(block, many, a, order[a], queries);
            }
            return block;
        }
    }
}
