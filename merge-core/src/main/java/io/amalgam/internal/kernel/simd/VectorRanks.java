package io.amalgam.internal.kernel.simd;

import static io.amalgam.internal.kernel.simd.Species.INTS;
import static io.amalgam.internal.kernel.simd.Species.LENGTH;

import io.amalgam.internal.kernel.TailRanks;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/** Bins of magnitudes, and decisions by bounds of random words. */
final class VectorRanks {
    private static final int ABS = 0x7FFFFFFF;

    /** Another bit in each lane. */
    private static final IntVector LANE_BITS =
            IntVector.broadcast(INTS, 1)
                    .lanewise(VectorOperators.LSHL, IntVector.zero(INTS).addIndex(1));

    private VectorRanks() {}

    static void magnitudeBins(int[] bits, int bottom, int shift, int[] dst, int n) {
        int bound = INTS.loopBound(n);
        int i = 0;
        for (; i < bound; i += LENGTH) {
            IntVector.fromArray(INTS, bits, i)
                    .and(ABS)
                    .sub(bottom)
                    .max(0)
                    .lanewise(VectorOperators.LSHR, shift)
                    .intoArray(dst, i);
        }
        for (; i < n; i++) {
            dst[i] = Math.max((bits[i] & ABS) - bottom, 0) >>> shift;
        }
    }

    static void keepBelow(
            int[] bits, int[] words, int low, int high, float[] dst, long[] open, int at, int n) {
        IntVector bottom = IntVector.broadcast(INTS, low);
        IntVector top = IntVector.broadcast(INTS, high);
        int whole = n & -Long.SIZE;
        for (int group = 0; group < whole; group += Long.SIZE) {
            long within = 0;
            for (int j = 0; j < Long.SIZE; j += LENGTH) {
                int i = at + group + j;
                IntVector half =
                        IntVector.fromArray(INTS, words, i).lanewise(VectorOperators.LSHR, 1);
                IntVector beyond = half.sub(bottom);
                IntVector.fromArray(INTS, bits, i)
                        .and(beyond.lanewise(VectorOperators.ASHR, 31))
                        .reinterpretAsFloats()
                        .intoArray(dst, i);
                int lanes =
                        beyond.or(top.sub(half))
                                .lanewise(VectorOperators.ASHR, 31)
                                .lanewise(VectorOperators.XOR, -1)
                                .and(LANE_BITS)
                                .reduceLanes(VectorOperators.ADD);
                within |= (long) lanes << j;
            }
            open[group / Long.SIZE] = within;
        }
        TailRanks.keepBelow(bits, words, low, high, dst, open, at, whole, n);
    }

    static int rank(int[] bits, int from, int element, int to) {
        int own = bits[element] & ABS;
        IntVector mine = IntVector.broadcast(INTS, own);
        IntVector counts = IntVector.zero(INTS);
        int i = from;
        for (; i <= element - LENGTH; i += LENGTH) {
            IntVector other = IntVector.fromArray(INTS, bits, i).and(ABS);
            // 1 where the other is larger.
            counts = counts.sub(mine.sub(other).lanewise(VectorOperators.LSHR, 31));
        }
        int before = i - from - TailRanks.larger(bits, own, i, element) + element - i;
        i = element;
        for (; i <= to - LENGTH; i += LENGTH) {
            IntVector other = IntVector.fromArray(INTS, bits, i).and(ABS);
            counts = counts.add(other.sub(mine).lanewise(VectorOperators.LSHR, 31));
        }
        return before
                + counts.reduceLanes(VectorOperators.ADD)
                + TailRanks.smaller(bits, own, i, to);
    }
}
