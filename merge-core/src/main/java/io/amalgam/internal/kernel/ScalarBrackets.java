package io.amalgam.internal.kernel;

import io.amalgam.kernel.Kernels;

/** Counts of some of a block's elements: see {@link ScalarConsensus}. */
public final class ScalarBrackets {
    private ScalarBrackets() {}

    /** {@link Kernels#countZeros} among the elements {@code from .. to-1}. */
    public static int countZeros(float[] x, int from, int to) {
        int count = 0;
        for (int i = from; i < to; i++) {
            count += x[i] == 0 ? 1 : 0;
        }
        return count;
    }

    /** {@link Kernels#countBracket} of the elements {@code from .. to-1}, its list going on. */
    public static int countBracket(
            float[] x,
            float[] base,
            int low,
            int high,
            int[] inside,
            int[] pivots,
            int[] counts,
            int from,
            int to) {
        int above = 0;
        for (int i = from; i < to; i++) {
            int bits = ScalarKernels.magnitude(x[i] - base[i]);
            if (bits > high) {
                above++;
            } else if (bits >= low) {
                int pivot = 0;
                while (pivot < Kernels.PIVOTS && pivots[pivot] != bits) {
                    pivot++;
                }
                if (pivot < Kernels.PIVOTS) {
                    counts[pivot]++;
                } else {
                    inside[counts[Kernels.PIVOTS]++] = bits;
                }
            }
        }
        return above;
    }
}
