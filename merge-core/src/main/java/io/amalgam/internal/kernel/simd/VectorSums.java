package io.amalgam.internal.kernel.simd;

import static io.amalgam.internal.kernel.simd.Species.DOUBLES;
import static io.amalgam.internal.kernel.simd.Species.HALF_FLOATS;
import static io.amalgam.kernel.Kernels.LANES;

import io.amalgam.internal.kernel.TailSums;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Sums in the specification's 16 accumulators. Two vectors of accumulators are summed per pass over
 * the block, which is in the cache: one pass with vectors of 512 bits, two with 256, four with 128,
 * the same sums with each.
 */
final class VectorSums {
    private static final int WIDTH = DOUBLES.length();

    private VectorSums() {}

    static void dot(float[] a, float[] b, double[] lanes, int n) {
        int bound = n & -LANES;
        for (int lane = 0; lane < LANES; lane += 2 * WIDTH) {
            DoubleVector first = DoubleVector.fromArray(DOUBLES, lanes, lane);
            DoubleVector second = DoubleVector.fromArray(DOUBLES, lanes, lane + WIDTH);
            for (int i = lane; i < bound; i += LANES) {
                first = first.add(load(a, i).mul(load(b, i)));
                second = second.add(load(a, i + WIDTH).mul(load(b, i + WIDTH)));
            }
            first.intoArray(lanes, lane);
            second.intoArray(lanes, lane + WIDTH);
        }
        for (int i = bound; i < n; i++) {
            lanes[i % LANES] += (double) a[i] * (double) b[i];
        }
    }

    static void sum(double[] x, double[] lanes, int n) {
        int bound = n & -LANES;
        for (int lane = 0; lane < LANES; lane += 2 * WIDTH) {
            DoubleVector first = DoubleVector.fromArray(DOUBLES, lanes, lane);
            DoubleVector second = DoubleVector.fromArray(DOUBLES, lanes, lane + WIDTH);
            for (int i = lane; i < bound; i += LANES) {
                first = first.add(DoubleVector.fromArray(DOUBLES, x, i));
                second = second.add(DoubleVector.fromArray(DOUBLES, x, i + WIDTH));
            }
            first.intoArray(lanes, lane);
            second.intoArray(lanes, lane + WIDTH);
        }
        for (int i = bound; i < n; i++) {
            lanes[i % LANES] += x[i];
        }
    }

    static void absSum(float[] x, double[] lanes, int n) {
        int bound = n & -LANES;
        for (int lane = 0; lane < LANES; lane += 2 * WIDTH) {
            DoubleVector first = DoubleVector.fromArray(DOUBLES, lanes, lane);
            DoubleVector second = DoubleVector.fromArray(DOUBLES, lanes, lane + WIDTH);
            for (int i = lane; i < bound; i += LANES) {
                first = first.add(load(x, i).abs());
                second = second.add(load(x, i + WIDTH).abs());
            }
            first.intoArray(lanes, lane);
            second.intoArray(lanes, lane + WIDTH);
        }
        for (int i = bound; i < n; i++) {
            lanes[i % LANES] += Math.abs(x[i]);
        }
    }

    static void addSquares(float[] x, float[] base, double[] lanes, int n) {
        int bound = n & -LANES;
        for (int lane = 0; lane < LANES; lane += 2 * WIDTH) {
            DoubleVector first = DoubleVector.fromArray(DOUBLES, lanes, lane);
            DoubleVector second = DoubleVector.fromArray(DOUBLES, lanes, lane + WIDTH);
            for (int i = lane; i < bound; i += LANES) {
                DoubleVector a = difference(x, base, i);
                DoubleVector b = difference(x, base, i + WIDTH);
                first = first.add(a.mul(a));
                second = second.add(b.mul(b));
            }
            first.intoArray(lanes, lane);
            second.intoArray(lanes, lane + WIDTH);
        }
        TailSums.addSquares(x, base, lanes, bound, n);
    }

    static void absDeltaSum(float[] x, float[] base, double[] lanes, int n) {
        int bound = n & -LANES;
        for (int lane = 0; lane < LANES; lane += 2 * WIDTH) {
            DoubleVector first = DoubleVector.fromArray(DOUBLES, lanes, lane);
            DoubleVector second = DoubleVector.fromArray(DOUBLES, lanes, lane + WIDTH);
            for (int i = lane; i < bound; i += LANES) {
                first = first.add(difference(x, base, i).abs());
                second = second.add(difference(x, base, i + WIDTH).abs());
            }
            first.intoArray(lanes, lane);
            second.intoArray(lanes, lane + WIDTH);
        }
        TailSums.absDeltaSum(x, base, lanes, bound, n);
    }

    private static DoubleVector difference(float[] x, float[] base, int at) {
        return (DoubleVector)
                FloatVector.fromArray(HALF_FLOATS, x, at)
                        .sub(FloatVector.fromArray(HALF_FLOATS, base, at))
                        .convertShape(VectorOperators.F2D, DOUBLES, 0);
    }

    /** A vector of doubles from as many floats. */
    static DoubleVector load(float[] values, int at) {
        return (DoubleVector)
                FloatVector.fromArray(HALF_FLOATS, values, at)
                        .convertShape(VectorOperators.F2D, DOUBLES, 0);
    }
}
