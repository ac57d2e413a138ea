package io.amalgam.internal.compare;

import java.util.ArrayList;
import java.util.List;

/**
 * What is measured of one tensor or of many.
 *
 * @param changes of each model against the reference
 * @param agreements of all pairs of models, in the order (0, 1), (0, 2), ..., (1, 2), ...
 * @param conflicts elements that some models changed upwards and some downwards
 */
public record Measures(List<Change> changes, List<Agreement> agreements, long conflicts) {
    public Measures {
        changes = List.copyOf(changes);
        agreements = List.copyOf(agreements);
    }

    /** Of nothing. */
    public static Measures none(int models) {
        List<Change> changes = new ArrayList<>();
        List<Agreement> agreements = new ArrayList<>();
        for (int i = 0; i < models; i++) {
            changes.add(Change.NONE);
            for (int j = i + 1; j < models; j++) {
                agreements.add(new Agreement(i, j, 0, 0));
            }
        }
        return new Measures(changes, agreements, 0);
    }

    /** Of the elements of both; those of {@code later} come after these. */
    public Measures plus(Measures later) {
        List<Change> sums = new ArrayList<>();
        for (int i = 0; i < changes.size(); i++) {
            sums.add(changes.get(i).plus(later.changes.get(i)));
        }
        List<Agreement> pairs = new ArrayList<>();
        for (int i = 0; i < agreements.size(); i++) {
            pairs.add(agreements.get(i).plus(later.agreements.get(i)));
        }
        return new Measures(sums, pairs, conflicts + later.conflicts);
    }

    /** An estimate of more elements, of which these are a sample. */
    Measures estimated(long of) {
        double factor = (double) of / elements();
        return new Measures(
                changes.stream().map(change -> change.estimated(of)).toList(),
                agreements.stream().map(pair -> pair.times(factor)).toList(),
                Math.round(conflicts * factor));
    }

    /** Elements of the reference; a model that lacks some of them has fewer. */
    public long elements() {
        return changes.stream().mapToLong(Change::elements).max().orElse(0);
    }

    /**
     * These of some of the models, among others of which nothing is known.
     *
     * @param places of these models, ascending
     */
    Measures among(int models, List<Integer> places) {
        Measures all = none(models);
        List<Change> spread = new ArrayList<>(all.changes);
        for (int i = 0; i < changes.size(); i++) {
            spread.set(places.get(i), changes.get(i));
        }
        List<Agreement> pairs = new ArrayList<>();
        for (Agreement empty : all.agreements) {
            int first = places.indexOf(empty.first());
            int second = places.indexOf(empty.second());
            pairs.add(
                    agreements.stream()
                            .filter(a -> a.first() == first && a.second() == second)
                            .findFirst()
                            .map(
                                    a ->
                                            new Agreement(
                                                    empty.first(),
                                                    empty.second(),
                                                    a.product(),
                                                    a.conflicts()))
                            .orElse(empty));
        }
        return new Measures(spread, pairs, conflicts);
    }

    /** The largest relative change of a model. */
    public double relative() {
        return changes.stream().mapToDouble(Change::relative).max().orElse(0);
    }

    /** Whether an element differs. */
    public boolean differs() {
        return changes.stream().anyMatch(change -> change.changed() > 0);
    }

    /** The share of elements with changes in both directions. */
    public double conflictShare() {
        return elements() == 0 ? 0 : (double) conflicts / elements();
    }
}
