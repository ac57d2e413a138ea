package io.amalgam.internal.kernel.simd;

import static io.amalgam.internal.kernel.simd.Species.FLOATS;
import static io.amalgam.internal.kernel.simd.Species.INTS;
import static io.amalgam.internal.kernel.simd.Species.LENGTH;

import io.amalgam.internal.kernel.ScalarBrackets;
import io.amalgam.kernel.Kernels;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Counts and lists magnitudes within a bracket, by the signs of differences: magnitudes are 0 ..
 * 2^31-1, so none overflows, and masks are dear on JDK 17.
 */
final class VectorBrackets {
    private static final int ABS = 0x7FFFFFFF;

    private VectorBrackets() {}

    static int countZeros(float[] x, int n) {
        int bound = FLOATS.loopBound(n);
        IntVector count = IntVector.zero(INTS);
        for (int i = 0; i < bound; i += LENGTH) {
            IntVector bits = FloatVector.fromArray(FLOATS, x, i).reinterpretAsInts().and(ABS);
            count = count.add(bits.sub(1).lanewise(VectorOperators.LSHR, 31));
        }
        return count.reduceLanes(VectorOperators.ADD) + ScalarBrackets.countZeros(x, bound, n);
    }

    static int countBracket(
            float[] x,
            float[] base,
            int low,
            int high,
            int[] inside,
            int[] pivots,
            int[] counts,
            int n) {
        int bound = FLOATS.loopBound(n);
        counts[Kernels.PIVOTS] = 0;
        int above =
                pivots[0] < 0
                        ? list(x, base, low, high, inside, counts, bound)
                        : listOthers(x, base, low, high, inside, pivots, counts, bound);
        return above
                + ScalarBrackets.countBracket(x, base, low, high, inside, pivots, counts, bound, n);
    }

    /** Where no value is counted apart. */
    private static int list(
            float[] x, float[] base, int low, int high, int[] inside, int[] counts, int bound) {
        IntVector top = IntVector.broadcast(INTS, high);
        IntVector bottom = IntVector.broadcast(INTS, low);
        IntVector above = IntVector.zero(INTS);
        int[] lanes = new int[2 * LENGTH];
        int listed = 0;
        for (int i = 0; i < bound; i += LENGTH) {
            IntVector bits =
                    FloatVector.fromArray(FLOATS, x, i)
                            .sub(FloatVector.fromArray(FLOATS, base, i))
                            .reinterpretAsInts()
                            .and(ABS);
            IntVector headroom = top.sub(bits);
            above = above.add(headroom.lanewise(VectorOperators.LSHR, 31));
            IntVector outside = headroom.or(bits.sub(bottom));
            if (outside.compare(VectorOperators.GE, 0).anyTrue()) {
                outside.intoArray(lanes, 0);
                bits.intoArray(lanes, LENGTH);
                // Without branches: which lanes they are cannot be foreseen.
                for (int lane = 0; lane < LENGTH; lane++) {
                    inside[listed] = lanes[LENGTH + lane];
                    listed += 1 + (lanes[lane] >> 31);
                }
            }
        }
        counts[Kernels.PIVOTS] = listed;
        return above.reduceLanes(VectorOperators.ADD);
    }

    private static int listOthers(
            float[] x,
            float[] base,
            int low,
            int high,
            int[] inside,
            int[] pivots,
            int[] counts,
            int bound) {
        IntVector top = IntVector.broadcast(INTS, high);
        IntVector bottom = IntVector.broadcast(INTS, low);
        IntVector pivot0 = IntVector.broadcast(INTS, Math.max(pivots[0], 0));
        IntVector pivot1 = IntVector.broadcast(INTS, Math.max(pivots[1], 0));
        IntVector pivot2 = IntVector.broadcast(INTS, Math.max(pivots[2], 0));
        IntVector pivot3 = IntVector.broadcast(INTS, Math.max(pivots[3], 0));
        // What is taken from a number that is 0 where equal, to make it negative; nothing where
        // there is no such pivot.
        IntVector one0 = IntVector.broadcast(INTS, pivots[0] < 0 ? 0 : 1);
        IntVector one1 = IntVector.broadcast(INTS, pivots[1] < 0 ? 0 : 1);
        IntVector one2 = IntVector.broadcast(INTS, pivots[2] < 0 ? 0 : 1);
        IntVector one3 = IntVector.broadcast(INTS, pivots[3] < 0 ? 0 : 1);
        IntVector above = IntVector.zero(INTS);
        IntVector count0 = IntVector.zero(INTS);
        IntVector count1 = IntVector.zero(INTS);
        IntVector count2 = IntVector.zero(INTS);
        IntVector count3 = IntVector.zero(INTS);
        int[] lanes = new int[2 * LENGTH];
        int listed = 0;
        for (int i = 0; i < bound; i += LENGTH) {
            IntVector bits =
                    FloatVector.fromArray(FLOATS, x, i)
                            .sub(FloatVector.fromArray(FLOATS, base, i))
                            .reinterpretAsInts()
                            .and(ABS);
            IntVector headroom = top.sub(bits);
            above = above.add(headroom.lanewise(VectorOperators.LSHR, 31));
            IntVector equal0 = bits.lanewise(VectorOperators.XOR, pivot0).sub(one0);
            IntVector equal1 = bits.lanewise(VectorOperators.XOR, pivot1).sub(one1);
            IntVector equal2 = bits.lanewise(VectorOperators.XOR, pivot2).sub(one2);
            IntVector equal3 = bits.lanewise(VectorOperators.XOR, pivot3).sub(one3);
            count0 = count0.add(equal0.lanewise(VectorOperators.LSHR, 31));
            count1 = count1.add(equal1.lanewise(VectorOperators.LSHR, 31));
            count2 = count2.add(equal2.lanewise(VectorOperators.LSHR, 31));
            count3 = count3.add(equal3.lanewise(VectorOperators.LSHR, 31));
            IntVector known = equal0.or(equal1).or(equal2.or(equal3));
            IntVector outside = headroom.or(bits.sub(bottom)).or(known);
            if (outside.compare(VectorOperators.GE, 0).anyTrue()) {
                outside.intoArray(lanes, 0);
                bits.intoArray(lanes, LENGTH);
                for (int lane = 0; lane < LENGTH; lane++) {
                    inside[listed] = lanes[LENGTH + lane];
                    listed += 1 + (lanes[lane] >> 31);
                }
            }
        }
        counts[0] += count0.reduceLanes(VectorOperators.ADD);
        counts[1] += count1.reduceLanes(VectorOperators.ADD);
        counts[2] += count2.reduceLanes(VectorOperators.ADD);
        counts[3] += count3.reduceLanes(VectorOperators.ADD);
        counts[Kernels.PIVOTS] = listed;
        return above.reduceLanes(VectorOperators.ADD);
    }
}
