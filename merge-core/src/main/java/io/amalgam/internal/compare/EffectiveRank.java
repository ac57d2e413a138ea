package io.amalgam.internal.compare;

/** How many directions a change has, as one number from its singular values s. */
public enum EffectiveRank {
    /**
     * {@code exp(H)}, H the entropy of {@code s_i / sum(s)}: Roy and Vetterli 2007, "The effective
     * rank: a measure of effective dimensionality".
     */
    ENTROPY,
    /**
     * {@code sum(s_i^2) / s_1^2}: Rudelson and Vershynin 2007, "Sampling from large matrices: an
     * approach through geometric functional analysis".
     */
    STABLE;

    /** What the command line calls it. */
    public String word() {
        return this == ENTROPY ? "entropy" : "stable";
    }

    /**
     * @param squares of the singular values, the largest first
     * @return 0 for a matrix of zeros
     */
    double of(double... squares) {
        // Squares have the precision of the largest: what is below is rounding.
        double least = squares[0] * squares.length * Math.ulp(1.0);
        double sum = 0;
        double total = 0;
        for (double square : squares) {
            if (square > least) {
                sum += square;
                total += Math.sqrt(square);
            }
        }
        if (total == 0) {
            return 0;
        }
        if (this == STABLE) {
            return sum / squares[0];
        }
        double entropy = 0;
        for (double square : squares) {
            if (square > least) {
                double share = Math.sqrt(square) / total;
                entropy -= share * StrictMath.log(share);
            }
        }
        return StrictMath.exp(entropy);
    }
}
