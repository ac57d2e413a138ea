package io.amalgam.internal.kernel.simd;

import static io.amalgam.internal.kernel.simd.Species.DOUBLES;
import static io.amalgam.internal.kernel.simd.Species.FLOATS;
import static io.amalgam.internal.kernel.simd.Species.INTS;
import static io.amalgam.internal.kernel.simd.Species.LENGTH;
import static io.amalgam.internal.kernel.simd.VectorSums.load;
import static io.amalgam.kernel.Kernels.LANES;

import io.amalgam.internal.kernel.TailSums;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * What a comparison sums of two blocks, each element converted to float64 once. Products are exact,
 * so that fusing them with the addition changes nothing.
 */
final class VectorChange {
    private static final int WIDTH = DOUBLES.length();
    private static final int ABS = 0x7FFFFFFF;

    /** Elements between the two loops, which find them in the cache next to the processor. */
    private static final int STRETCH = 1024;

    private VectorChange() {}

    static long change(float[] x, float[] base, double[][] lanes, float[] deltas, int n) {
        int bound = n & -LANES;
        int largest = 0;
        int changed = 0;
        for (int from = 0; from < bound; from += STRETCH) {
            int to = Math.min(bound, from + STRETCH);
            long part = differences(x, base, deltas, from, to);
            largest = Math.max(largest, (int) part);
            changed += (int) (part >>> 32);
            for (int lane = 0; lane < LANES; lane += 2 * WIDTH) {
                sums(x, base, lanes, deltas, lane, from, to);
            }
        }
        long tail = TailSums.change(x, base, lanes, deltas, bound, n);
        changed += (int) (tail >>> 32);
        return ((long) changed << 32) | Math.max(largest, (int) tail);
    }

    private static long differences(float[] x, float[] base, float[] deltas, int from, int to) {
        IntVector largest = IntVector.zero(INTS);
        IntVector zeros = IntVector.zero(INTS);
        for (int i = from; i < to; i += LENGTH) {
            FloatVector delta =
                    FloatVector.fromArray(FLOATS, x, i).sub(FloatVector.fromArray(FLOATS, base, i));
            delta.intoArray(deltas, i);
            IntVector magnitude = delta.reinterpretAsInts().and(ABS);
            largest = largest.max(magnitude);
            zeros = zeros.add(magnitude.sub(1).lanewise(VectorOperators.LSHR, 31));
        }
        int changed = to - from - zeros.reduceLanes(VectorOperators.ADD);
        return ((long) changed << 32) | largest.reduceLanes(VectorOperators.MAX);
    }

    /** Of two vectors of accumulators: each waits for its last addition, and two wait together. */
    private static void sums(
            float[] x, float[] base, double[][] lanes, float[] deltas, int lane, int from, int to) {
        int next = lane + WIDTH;
        DoubleVector bb = DoubleVector.fromArray(DOUBLES, lanes[0], lane);
        DoubleVector bx = DoubleVector.fromArray(DOUBLES, lanes[1], lane);
        DoubleVector xx = DoubleVector.fromArray(DOUBLES, lanes[2], lane);
        DoubleVector dd = DoubleVector.fromArray(DOUBLES, lanes[3], lane);
        DoubleVector bb2 = DoubleVector.fromArray(DOUBLES, lanes[0], next);
        DoubleVector bx2 = DoubleVector.fromArray(DOUBLES, lanes[1], next);
        DoubleVector xx2 = DoubleVector.fromArray(DOUBLES, lanes[2], next);
        DoubleVector dd2 = DoubleVector.fromArray(DOUBLES, lanes[3], next);
        for (int i = from + lane; i < to; i += LANES) {
            DoubleVector b = load(base, i);
            DoubleVector v = load(x, i);
            DoubleVector d = load(deltas, i);
            bb = b.lanewise(VectorOperators.FMA, b, bb);
            bx = b.lanewise(VectorOperators.FMA, v, bx);
            xx = v.lanewise(VectorOperators.FMA, v, xx);
            dd = d.lanewise(VectorOperators.FMA, d, dd);
            DoubleVector b2 = load(base, i + WIDTH);
            DoubleVector v2 = load(x, i + WIDTH);
            DoubleVector d2 = load(deltas, i + WIDTH);
            bb2 = b2.lanewise(VectorOperators.FMA, b2, bb2);
            bx2 = b2.lanewise(VectorOperators.FMA, v2, bx2);
            xx2 = v2.lanewise(VectorOperators.FMA, v2, xx2);
            dd2 = d2.lanewise(VectorOperators.FMA, d2, dd2);
        }
        bb.intoArray(lanes[0], lane);
        bx.intoArray(lanes[1], lane);
        xx.intoArray(lanes[2], lane);
        dd.intoArray(lanes[3], lane);
        bb2.intoArray(lanes[0], next);
        bx2.intoArray(lanes[1], next);
        xx2.intoArray(lanes[2], next);
        dd2.intoArray(lanes[3], next);
    }

    static int countOpposite(float[][] x, int count, int n) {
        int bound = FLOATS.loopBound(n);
        IntVector opposite = IntVector.zero(INTS);
        for (int i = 0; i < bound; i += LENGTH) {
            // The sign bit of magnitude + ABS says that it is not 0.
            IntVector bits = FloatVector.fromArray(FLOATS, x[0], i).reinterpretAsInts();
            IntVector some = bits.and(ABS).add(ABS);
            IntVector below = some.and(bits);
            IntVector above = some.lanewise(VectorOperators.AND_NOT, bits);
            for (int m = 1; m < count; m++) {
                bits = FloatVector.fromArray(FLOATS, x[m], i).reinterpretAsInts();
                some = bits.and(ABS).add(ABS);
                below = below.or(some.and(bits));
                above = above.or(some.lanewise(VectorOperators.AND_NOT, bits));
            }
            opposite = opposite.add(above.and(below).lanewise(VectorOperators.LSHR, 31));
        }
        return opposite.reduceLanes(VectorOperators.ADD)
                + TailSums.countOpposite(x, count, bound, n);
    }
}
