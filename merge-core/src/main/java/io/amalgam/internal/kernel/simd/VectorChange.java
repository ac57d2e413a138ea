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
            for (int lane = 0; lane < LANES; lane += WIDTH) {
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

    private static void sums(
            float[] x, float[] base, double[][] lanes, float[] deltas, int lane, int from, int to) {
        DoubleVector bb = DoubleVector.fromArray(DOUBLES, lanes[0], lane);
        DoubleVector bx = DoubleVector.fromArray(DOUBLES, lanes[1], lane);
        DoubleVector xx = DoubleVector.fromArray(DOUBLES, lanes[2], lane);
        DoubleVector dd = DoubleVector.fromArray(DOUBLES, lanes[3], lane);
        for (int i = from + lane; i < to; i += LANES) {
            DoubleVector b = load(base, i);
            DoubleVector v = load(x, i);
            DoubleVector d = load(deltas, i);
            bb = b.lanewise(VectorOperators.FMA, b, bb);
            bx = b.lanewise(VectorOperators.FMA, v, bx);
            xx = v.lanewise(VectorOperators.FMA, v, xx);
            dd = d.lanewise(VectorOperators.FMA, d, dd);
        }
        bb.intoArray(lanes[0], lane);
        bx.intoArray(lanes[1], lane);
        xx.intoArray(lanes[2], lane);
        dd.intoArray(lanes[3], lane);
    }

    static int countOpposite(float[] a, float[] b, int n) {
        int bound = FLOATS.loopBound(n);
        IntVector count = IntVector.zero(INTS);
        for (int i = 0; i < bound; i += LENGTH) {
            IntVector first = FloatVector.fromArray(FLOATS, a, i).reinterpretAsInts();
            IntVector second = FloatVector.fromArray(FLOATS, b, i).reinterpretAsInts();
            // The sign bit of magnitude + ABS says that it is not 0.
            IntVector both = first.and(ABS).add(ABS).and(second.and(ABS).add(ABS));
            IntVector opposite = first.lanewise(VectorOperators.XOR, second).and(both);
            count = count.add(opposite.lanewise(VectorOperators.LSHR, 31));
        }
        return count.reduceLanes(VectorOperators.ADD) + TailSums.countOpposite(a, b, bound, n);
    }
}
