package io.amalgam.internal.compare;

import java.util.Optional;

/**
 * How far one model's numbers are from those they are compared with: sums in float64 over one
 * tensor or many. Differences are rounded to float32, as merges take them.
 *
 * @param elements compared, those that are not finite included
 * @param base2 sum of squares of the reference
 * @param model2 sum of squares of the model
 * @param product sum of products of both
 * @param delta2 sum of squares of the differences
 * @param largest the difference of largest magnitude; empty if all are equal
 * @param changed elements that are not equal
 * @param nonfinite elements that are NaN or infinite in one of the models; they are in no sum
 */
public record Change(
        long elements,
        double base2,
        double model2,
        double product,
        double delta2,
        Optional<Largest> largest,
        long changed,
        long nonfinite) {
    static final Change NONE = new Change(0, 0, 0, 0, 0, Optional.empty(), 0, 0);

    /**
     * The difference of largest magnitude, and the first place where it is.
     *
     * @param magnitude of the difference
     */
    public record Largest(float magnitude, String tensor, long element) {}

    /** Of the elements of both; those of {@code later} come after these. */
    public Change plus(Change later) {
        return new Change(
                elements + later.elements,
                base2 + later.base2,
                model2 + later.model2,
                product + later.product,
                delta2 + later.delta2,
                larger(largest, later.largest),
                changed + later.changed,
                nonfinite + later.nonfinite);
    }

    /**
     * An estimate of more elements, of which these are a sample. The largest is that of the sample.
     */
    Change estimated(long of) {
        double factor = (double) of / elements;
        return new Change(
                of,
                base2 * factor,
                model2 * factor,
                product * factor,
                delta2 * factor,
                largest,
                Math.round(changed * factor),
                Math.round(nonfinite * factor));
    }

    private static Optional<Largest> larger(Optional<Largest> a, Optional<Largest> b) {
        boolean second = b.isPresent() && (a.isEmpty() || b.get().magnitude > a.get().magnitude);
        return second ? b : a;
    }

    /** The norm of the differences by that of the reference; infinite if that alone is 0. */
    public double relative() {
        return delta2 == 0 ? 0 : Math.sqrt(delta2) / Math.sqrt(base2);
    }

    /** The norm of the differences. */
    public double norm() {
        return Math.sqrt(delta2);
    }

    /** The cosine of reference and model; NaN if one of them is zero. */
    public double cosine() {
        double norms = Math.sqrt(base2) * Math.sqrt(model2);
        // Rounding must not take it beyond 1.
        return norms == 0 ? Double.NaN : Math.max(-1, Math.min(1, product / norms));
    }

    /** The share of elements that are not equal. */
    public double share() {
        return elements == 0 ? 0 : (double) changed / elements;
    }
}
