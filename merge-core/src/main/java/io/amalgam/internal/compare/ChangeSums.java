package io.amalgam.internal.compare;

import io.amalgam.kernel.Kernels;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Sums of one tensor, or of a unit of it. */
final class ChangeSums {
    /** Sums of each model: {@code base * base}, {@code base * model}, {@code model * model}. */
    final double[][][] products;

    /** Of each pair of differences {@code j <= k}, row by row. */
    final double[][] deltas;

    final int[] largest;
    final long[] largestAt;
    final long[] changed;
    final long[] nonfinite;
    final long[] pairConflicts;
    long conflicts;
    long elements;

    ChangeSums(int models) {
        int pairs = models * (models - 1) / 2;
        products = new double[models][3][Kernels.LANES];
        deltas = new double[models + pairs][Kernels.LANES];
        largest = new int[models];
        largestAt = new long[models];
        changed = new long[models];
        nonfinite = new long[models];
        pairConflicts = new long[pairs];
    }

    /** Adds what comes later in the tensor. */
    ChangeSums plus(ChangeSums later) {
        for (int m = 0; m < products.length; m++) {
            add(products[m], later.products[m]);
            // The first of several equal ones stays.
            if (later.largest[m] > largest[m]) {
                largest[m] = later.largest[m];
                largestAt[m] = later.largestAt[m];
            }
        }
        add(deltas, later.deltas);
        add(changed, later.changed);
        add(nonfinite, later.nonfinite);
        add(pairConflicts, later.pairConflicts);
        conflicts += later.conflicts;
        elements += later.elements;
        return this;
    }

    private static void add(double[][] sums, double[][] later) {
        for (int i = 0; i < sums.length; i++) {
            for (int lane = 0; lane < Kernels.LANES; lane++) {
                sums[i][lane] += later[i][lane];
            }
        }
    }

    private static void add(long[] counts, long[] later) {
        for (int i = 0; i < counts.length; i++) {
            counts[i] += later[i];
        }
    }

    Measures measures(String tensor) {
        List<Change> changes = new ArrayList<>();
        List<Agreement> agreements = new ArrayList<>();
        int models = products.length;
        int product = 0;
        int pair = 0;
        for (int m = 0; m < models; m++) {
            changes.add(
                    new Change(
                            elements,
                            Kernels.total(products[m][0]),
                            Kernels.total(products[m][2]),
                            Kernels.total(products[m][1]),
                            Kernels.total(deltas[product++]),
                            largest(m, tensor),
                            changed[m],
                            nonfinite[m]));
            for (int other = m + 1; other < models; other++) {
                agreements.add(
                        new Agreement(
                                m, other, Kernels.total(deltas[product++]), pairConflicts[pair++]));
            }
        }
        return new Measures(changes, agreements, conflicts);
    }

    private Optional<Change.Largest> largest(int model, String tensor) {
        return largest[model] == 0
                ? Optional.empty()
                : Optional.of(
                        new Change.Largest(
                                Float.intBitsToFloat(largest[model]), tensor, largestAt[model]));
    }
}
