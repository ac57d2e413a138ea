package io.amalgam.internal.method.vector;

/**
 * The point with the least weighted sum of distances to given points, by Weiszfeld's iteration as
 * Vardi and Zhang complete it: an iterate that meets one of the points is told apart from one that
 * has arrived. Every iterate is a combination of the points, so their inner products are all that
 * is needed. In float64.
 */
public final class Weiszfeld {
    /** Points nearer than this share of the points' spread are one: below, digits are lost. */
    private static final double SAME = 1e-7;

    private final double[][] gram;
    private final double[] weights;
    private final double[] distances;
    private double spread;

    /**
     * @param gram inner products of the points, taken from any origin near them
     * @param weights not negative, not all 0
     */
    public Weiszfeld(double[][] gram, double[] weights) {
        this.gram = gram;
        this.weights = weights;
        this.distances = new double[weights.length];
        for (double[] row : gram) {
            for (int j = 0; j < row.length; j++) {
                spread = Math.max(spread, 2 * Math.sqrt(Math.abs(row[j])));
            }
        }
    }

    /**
     * Coefficients of the points, which sum to 1; exactly one of them is not 0 where the median is
     * a point.
     *
     * @param tolerance ends the iteration at a step smaller than this share of the mean distance
     */
    public double[] median(int iterations, double tolerance) {
        int points = weights.length;
        double[] at = new double[points];
        for (int i = 0; i < points; i++) {
            at[i] = 1;
            if (weights[i] > 0 && isMedian(at)) {
                return at;
            }
            at[i] = 0;
        }
        double sum = 0;
        for (double weight : weights) {
            sum += weight;
        }
        for (int i = 0; i < points; i++) {
            at[i] = weights[i] / sum;
        }
        for (int step = 0; step < iterations; step++) {
            double[] next = next(at);
            double[] moved = new double[points];
            double distance = 0;
            for (int i = 0; i < points; i++) {
                moved[i] = next[i] - at[i];
                distance += weights[i] / sum * distances[i];
            }
            at = next;
            if (!(Gram.norm(gram, moved) > tolerance * distance)) {
                break;
            }
        }
        return at;
    }

    /**
     * Whether a point outweighs the pull of all others. On the verge of it the median is not one
     * point alone, and the iteration finds the one among them that does not depend on their order.
     */
    private boolean isMedian(double[] at) {
        measure(at);
        double own = ownWeight();
        return spread == 0 || pull(at) < own * (1 - 1e-9);
    }

    private double[] next(double[] at) {
        measure(at);
        double own = ownWeight();
        double sum = 0;
        double[] next = new double[at.length];
        for (int i = 0; i < at.length; i++) {
            if (!same(i)) {
                next[i] = weights[i] / distances[i];
                sum += next[i];
            }
        }
        double stay = own == 0 ? 0 : Math.min(1, own / pull(at));
        if (sum == 0 || stay == 1) {
            return at;
        }
        for (int i = 0; i < at.length; i++) {
            next[i] = (1 - stay) * (next[i] / sum) + stay * at[i];
        }
        return next;
    }

    /** The distances of the points to a combination of them. */
    private void measure(double[] at) {
        double[] away = at.clone();
        for (int i = 0; i < at.length; i++) {
            away[i] -= 1;
            distances[i] = Gram.norm(gram, away);
            away[i] = at[i];
        }
    }

    private boolean same(int point) {
        return distances[point] <= SAME * spread;
    }

    /** The weight of the points where the iterate is. */
    private double ownWeight() {
        double own = 0;
        for (int i = 0; i < weights.length; i++) {
            own += same(i) ? weights[i] : 0;
        }
        return own;
    }

    /** The length of the sum of the unit vectors to all other points, times their weights. */
    private double pull(double[] at) {
        double[] pull = new double[at.length];
        double back = 0;
        for (int i = 0; i < at.length; i++) {
            if (!same(i)) {
                pull[i] = weights[i] / distances[i];
                back += pull[i];
            }
        }
        for (int i = 0; i < at.length; i++) {
            pull[i] -= back * at[i];
        }
        return Gram.norm(gram, pull);
    }
}
