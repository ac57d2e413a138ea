package io.amalgam.kernel.simd;

import static io.amalgam.kernel.simd.Species.INTS;
import static io.amalgam.kernel.simd.Species.LENGTH;

import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/** Bins of magnitudes, and decisions by the bounds that hold for a bin. */
final class VectorRanks {
    private static final int ABS = 0x7FFFFFFF;

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

    static int keepBelow(
            int[] bits,
            int[] words,
            int[] bins,
            int[] lows,
            int[] highs,
            float[] dst,
            int[] unsure,
            int at,
            int n) {
        int open = 0;
        int i = at;
        for (; i <= at + n - LENGTH; i += LENGTH) {
            IntVector word =
                    IntVector.fromArray(INTS, words, i)
                            .lanewise(VectorOperators.XOR, Integer.MIN_VALUE);
            IntVector low = IntVector.fromArray(INTS, lows, 0, bins, i);
            IntVector high = IntVector.fromArray(INTS, highs, 0, bins, i);
            VectorMask<Integer> sure = word.compare(VectorOperators.LT, low);
            IntVector.zero(INTS)
                    .blend(IntVector.fromArray(INTS, bits, i), sure)
                    .reinterpretAsFloats()
                    .intoArray(dst, i);
            VectorMask<Integer> doubtful = word.compare(VectorOperators.LT, high).andNot(sure);
            if (doubtful.anyTrue()) {
                for (int lane = 0; lane < LENGTH; lane++) {
                    if (doubtful.laneIsSet(lane)) {
                        unsure[open++] = i + lane;
                    }
                }
            }
        }
        for (; i < at + n; i++) {
            int word = words[i] ^ Integer.MIN_VALUE;
            boolean sure = word < lows[bins[i]];
            dst[i] = sure ? Float.intBitsToFloat(bits[i]) : 0;
            if (!sure && word < highs[bins[i]]) {
                unsure[open++] = i;
            }
        }
        return open;
    }
}
