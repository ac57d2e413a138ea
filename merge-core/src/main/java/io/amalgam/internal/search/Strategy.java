package io.amalgam.internal.search;

import java.util.List;

/**
 * Says which points to try. Points have a number from 0 to 1 for each range. What is asked depends
 * on the seed and on what was told, and on nothing else.
 */
interface Strategy {
    /** The next points, to be judged together; none where there is nothing left to try. */
    List<double[]> ask();

    /**
     * Tells how good they are.
     *
     * @param figures of the points asked for last, in their order; the smaller, the better, NaN for
     *     those that failed
     */
    void tell(double[] figures);
}
