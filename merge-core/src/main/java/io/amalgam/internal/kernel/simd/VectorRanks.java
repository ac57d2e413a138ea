package io.amalgam.internal.kernel.simd;

import static io.amalgam.internal.kernel.simd.Species.INTS;
import static io.amalgam.internal.kernel.simd.Species.LENGTH;

import io.amalgam.internal.kernel.RankBounds;
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
        IntVector one = IntVector.broadcast(INTS, 1);
        int rest = (1 << shift) - 1;
        for (int i = 0; i < bound; i += LENGTH) {
            IntVector magnitude = IntVector.fromArray(INTS, bits, i).and(ABS);
            IntVector above = magnitude.sub(bottom).max(magnitude.min(one));
            above.lanewise(VectorOperators.LSHR, shift)
                    .add(above.add(rest).lanewise(VectorOperators.LSHR, shift))
                    .intoArray(dst, i);
        }
        TailRanks.magnitudeBins(bits, bottom, shift, dst, bound, n);
    }

    static void keepBelow(
            int[] bits,
            int[] words,
            int[] bins,
            int[] bounds,
            float[] dst,
            int at,
            long[] open,
            int n) {
        IntVector least = IntVector.broadcast(INTS, bounds[RankBounds.LEAST_HALF]);
        IntVector firstBin = IntVector.broadcast(INTS, bounds[RankBounds.FIRST_BIN]);
        IntVector lastBin =
                IntVector.broadcast(INTS, (RankBounds.GROUPS << bounds[RankBounds.BIN_SHIFT]) - 1);
        IntVector lows = IntVector.broadcast(INTS, bounds[RankBounds.LOWS]);
        IntVector lowSixteens = IntVector.broadcast(INTS, bounds[RankBounds.LOWS + 1]);
        IntVector highs = IntVector.broadcast(INTS, bounds[RankBounds.HIGHS]);
        IntVector highSixteens = IntVector.broadcast(INTS, bounds[RankBounds.HIGHS + 1]);
        int wordShift = bounds[RankBounds.WORD_SHIFT];
        int digitShift = bounds[RankBounds.BIN_SHIFT] - 2;
        int whole = n & -Long.SIZE;
        for (int first = 0; first < whole; first += Long.SIZE) {
            long within = 0;
            for (int j = 0; j < Long.SIZE; j += LENGTH) {
                int i = first + j;
                IntVector level =
                        IntVector.fromArray(INTS, words, i)
                                .lanewise(VectorOperators.LSHR, 1)
                                .sub(least)
                                .lanewise(VectorOperators.ASHR, wordShift);
                IntVector digit =
                        IntVector.fromArray(INTS, bins, i)
                                .sub(firstBin)
                                .max(0)
                                .min(lastBin)
                                .lanewise(VectorOperators.LSHR, digitShift)
                                .and(-4);
                IntVector low =
                        lowSixteens
                                .lanewise(VectorOperators.LSHR, digit)
                                .and(15)
                                .lanewise(VectorOperators.LSHL, 4)
                                .or(lows.lanewise(VectorOperators.LSHR, digit).and(15));
                IntVector high =
                        highSixteens
                                .lanewise(VectorOperators.LSHR, digit)
                                .and(15)
                                .lanewise(VectorOperators.LSHL, 4)
                                .or(highs.lanewise(VectorOperators.LSHR, digit).and(15));
                IntVector below = level.sub(low);
                IntVector.fromArray(INTS, bits, i)
                        .and(below.lanewise(VectorOperators.ASHR, 31))
                        .reinterpretAsFloats()
                        .intoArray(dst, at + i);
                int lanes =
                        below.or(high.sub(level))
                                .lanewise(VectorOperators.ASHR, 31)
                                .lanewise(VectorOperators.XOR, -1)
                                .and(LANE_BITS)
                                .reduceLanes(VectorOperators.ADD);
                within |= (long) lanes << j;
            }
            open[first / Long.SIZE] = within;
        }
        TailRanks.keepBelow(bits, words, bins, bounds, dst, at, open, whole, n);
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
