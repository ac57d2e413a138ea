package io.amalgam.internal.method.select;

import java.util.function.Consumer;

/**
 * One search of {@link TopMagnitudes}: the bracket of bit patterns, both ends included, that the
 * boundary lies in.
 *
 * @param k how many are wanted; {@link #UNKNOWN} for a {@code share} of those that are not 0
 * @param ties whether it matters which of several equal elements are kept
 * @param pivots values within the bracket that are counted block by block, -1 for none
 */
record MagnitudeSearch(
        Ranking ranking,
        long k,
        float share,
        boolean ties,
        int low,
        int high,
        int[] pivots,
        Consumer<MagnitudeCut> found) {
    /** Where the number wanted is not known before the elements that are not 0 are counted. */
    static final long UNKNOWN = -1;

    /** All magnitudes are up to this. */
    static final int LARGEST = 0x7fffffff;

    private static final int[] NO_PIVOTS = {-1, -1, -1, -1};

    /** The search for the {@code k} largest, of which nothing is known yet. */
    static MagnitudeSearch ofLargest(
            Ranking ranking, long k, boolean ties, Consumer<MagnitudeCut> found) {
        return new MagnitudeSearch(ranking, k, 0, ties, 0, LARGEST, NO_PIVOTS, found);
    }

    /** The search for a share of those that are not 0. */
    static MagnitudeSearch ofShare(Ranking ranking, float share, Consumer<MagnitudeCut> found) {
        return new MagnitudeSearch(ranking, UNKNOWN, share, true, 0, LARGEST, NO_PIVOTS, found);
    }

    MagnitudeSearch within(int newLow, int newHigh) {
        return new MagnitudeSearch(ranking, k, share, ties, newLow, newHigh, NO_PIVOTS, found);
    }

    MagnitudeSearch with(int... values) {
        int[] padded = NO_PIVOTS.clone();
        System.arraycopy(values, 0, padded, 0, values.length);
        return new MagnitudeSearch(ranking, k, share, ties, low, high, padded, found);
    }

    /** The same, once it is known how many are not 0. */
    MagnitudeSearch of(long nonzero) {
        long wanted = k == UNKNOWN ? Math.min(nonzero, (long) (nonzero * share)) : k;
        return new MagnitudeSearch(ranking, wanted, share, ties, low, high, pivots, found);
    }

    /** Whether nothing is wanted, which is then said. */
    boolean nothing() {
        if (k == 0) {
            found.accept(MagnitudeCut.NOTHING);
        }
        return k == 0;
    }

    int pivot(int bits) {
        for (int p = 0; p < pivots.length; p++) {
            if (pivots[p] == bits) {
                return p;
            }
        }
        return -1;
    }
}
