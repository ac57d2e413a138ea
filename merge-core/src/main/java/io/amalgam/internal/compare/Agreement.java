package io.amalgam.internal.compare;

/**
 * How two models' differences from the reference agree.
 *
 * @param first number of a model
 * @param second number of a later one
 * @param product sum of products of the differences
 * @param conflicts elements that both changed, in opposite directions
 */
public record Agreement(int first, int second, double product, long conflicts) {
    Agreement plus(Agreement later) {
        return new Agreement(first, second, product + later.product, conflicts + later.conflicts);
    }

    Agreement times(double factor) {
        return new Agreement(first, second, product * factor, Math.round(conflicts * factor));
    }

    /** The cosine of both task vectors; NaN if one of them is zero. */
    public double cosine(Measures of) {
        double norms = of.changes().get(first).norm() * of.changes().get(second).norm();
        return norms == 0 ? Double.NaN : Math.max(-1, Math.min(1, product / norms));
    }
}
