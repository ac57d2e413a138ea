package io.amalgam.internal.method.common;

import io.amalgam.kernel.Kernels;

/** Float64 sums in {@link Kernels#LANES} lanes, as kernels leave them, of several quantities. */
public final class LaneSums {
    /** Bytes of lanes, of the array of them and of the reference to it. */
    private static final long BYTES = (long) Kernels.LANES * Double.BYTES + 24;

    private LaneSums() {}

    /** Bytes of the sums of so many quantities in each of so many units. */
    public static long bytes(int quantities, long units) {
        return units * (quantities * BYTES + 64);
    }

    /** Adds sums of what comes later in a tensor; returns {@code earlier}. */
    public static double[][] add(double[][] earlier, double[][] later) {
        for (int row = 0; row < earlier.length; row++) {
            add(earlier[row], later[row]);
        }
        return earlier;
    }

    /** As {@link #add(double[][], double[][])}, of one quantity. */
    public static void add(double[] earlier, double[] later) {
        for (int lane = 0; lane < Kernels.LANES; lane++) {
            earlier[lane] += later[lane];
        }
    }
}
