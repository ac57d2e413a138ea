package io.amalgam.internal.kernel.simd;

import static io.amalgam.internal.kernel.simd.Species.FLOATS;
import static io.amalgam.internal.kernel.simd.Species.INTS;
import static io.amalgam.internal.kernel.simd.Species.LENGTH;

import io.amalgam.internal.kernel.ScalarKernels;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * Codes of 4 bits by shifts that differ from lane to lane: a word fills one vector, or two of 128
 * bits.
 */
final class VectorCodes {
    private static final int IN_WORD = 8;

    /** The bits of 0.5. */
    private static final int HALF = 126 << 23;

    /** Where each lane's code is in its word. */
    static final IntVector SHIFTS =
            IntVector.zero(INTS).addIndex(1).and(7).lanewise(VectorOperators.LSHL, 2);

    /** The lanes of a first word, and of a second one. */
    static final IntVector FIRST = ofWord(0);

    static final IntVector SECOND = ofWord(1);

    private static IntVector ofWord(int number) {
        int[] mask = new int[LENGTH];
        for (int lane = 0; lane < LENGTH; lane++) {
            mask[lane] = lane / IN_WORD == number ? 15 : 0;
        }
        return IntVector.fromArray(INTS, mask, 0);
    }

    private VectorCodes() {}

    static void int4ToFloat(
            int[] words,
            int from,
            float[] zeros,
            float[] scales,
            int first,
            int group,
            float[] dst,
            int at,
            int n) {
        if (group % LENGTH != 0 || n % LENGTH != 0) {
            ScalarKernels.INSTANCE.int4ToFloat(
                    words, from, zeros, scales, first, group, dst, at, n);
            return;
        }
        for (int done = 0, g = first; done < n; done += group, g++) {
            FloatVector zero = FloatVector.broadcast(FLOATS, zeros[g]);
            FloatVector scale = FloatVector.broadcast(FLOATS, scales[g]);
            int end = Math.min(n, done + group);
            for (int i = done; i < end; i += LENGTH) {
                int word = words[from + i / IN_WORD] >>> i % IN_WORD * 4;
                IntVector codes =
                        IntVector.broadcast(INTS, word)
                                .lanewise(VectorOperators.LSHR, SHIFTS)
                                .and(FIRST);
                if (LENGTH > IN_WORD) {
                    codes =
                            IntVector.broadcast(INTS, words[from + i / IN_WORD + 1])
                                    .lanewise(VectorOperators.LSHR, SHIFTS)
                                    .and(SECOND)
                                    .or(codes);
                }
                ((FloatVector) codes.convertShape(VectorOperators.I2F, FLOATS, 0))
                        .sub(zero)
                        .mul(scale)
                        .intoArray(dst, at + i);
            }
        }
    }

    static void int4OfWords(
            int[] words, int from, int shift, float zero, float scale, float[] dst, int at, int n) {
        int bound = INTS.loopBound(n);
        for (int i = 0; i < bound; i += LENGTH) {
            IntVector codes =
                    IntVector.fromArray(INTS, words, from + i)
                            .lanewise(VectorOperators.LSHR, shift)
                            .and(15);
            ((FloatVector) codes.convertShape(VectorOperators.I2F, FLOATS, 0))
                    .sub(zero)
                    .mul(scale)
                    .intoArray(dst, at + i);
        }
        for (int i = bound; i < n; i++) {
            dst[at + i] = ((words[from + i] >>> shift & 15) - zero) * scale;
        }
    }

    /**
     * The exponent and the bit of the mantissa lie where a float has them, for all magnitudes but 0
     * and 0.5: these become 0.5 and 0.75. So {@code 2 a - 1} is right for them, and larger than the
     * others, as floats and as their bits.
     */
    static void e2m1OfWords(
            int[] words,
            int from,
            int shift,
            float[] scales,
            int first,
            float[] dst,
            int at,
            int n) {
        if (n % LENGTH != 0) {
            ScalarKernels.INSTANCE.e2m1OfWords(words, from, shift, scales, first, dst, at, n);
            return;
        }
        for (int i = 0; i < n; i += LENGTH) {
            IntVector codes =
                    IntVector.fromArray(INTS, words, from + i)
                            .lanewise(VectorOperators.LSHR, shift);
            IntVector normal = codes.and(7).lanewise(VectorOperators.LSHL, 22).add(HALF);
            FloatVector value = normal.reinterpretAsFloats();
            IntVector least = value.add(value).sub(1f).reinterpretAsInts().min(normal);
            least.or(codes.and(8).lanewise(VectorOperators.LSHL, 28))
                    .reinterpretAsFloats()
                    .mul(FloatVector.fromArray(FLOATS, scales, first + i))
                    .intoArray(dst, at + i);
        }
    }
}
