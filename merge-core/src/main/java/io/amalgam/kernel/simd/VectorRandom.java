package io.amalgam.kernel.simd;

import static io.amalgam.kernel.simd.Species.FLOATS;
import static io.amalgam.kernel.simd.Species.LENGTH;

import io.amalgam.kernel.CounterRandom;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.LongVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * Random masks: {@link CounterRandom}'s SplitMix64 on a vector of states. Seen as ints, a vector of
 * outputs is the words of consecutive elements in their order.
 */
final class VectorRandom {
    private static final VectorSpecies<Long> LONGS = LongVector.SPECIES_PREFERRED;

    /** State of each lane relative to the first's. */
    private static final LongVector STEPS =
            LongVector.zero(LONGS).addIndex(1).mul(CounterRandom.GAMMA);

    private VectorRandom() {}

    static void keepRandom(float[] x, long key, long first, long keepBelow, int n) {
        if (keepBelow >= 1L << 32) {
            return;
        }
        if (keepBelow <= 0) {
            Arrays.fill(x, 0, n, 0f);
            return;
        }
        int i = 0;
        if ((first & 1) != 0 && n > 0) {
            keepOne(x, i, key, first, keepBelow);
            i = 1;
        }
        FloatVector zero = FloatVector.zero(FLOATS);
        // Signed comparison orders unsigned words once the top bits of both sides are flipped.
        int cut = (int) keepBelow ^ Integer.MIN_VALUE;
        long state = key + (((first + i) >>> 1) + 1) * CounterRandom.GAMMA;
        long advance = LENGTH / 2 * CounterRandom.GAMMA;
        for (; i <= n - LENGTH; i += LENGTH) {
            LongVector z = STEPS.add(state);
            state += advance;
            z = z.lanewise(VectorOperators.LSHR, 30).lanewise(VectorOperators.XOR, z);
            z = z.mul(CounterRandom.MIX_1);
            z = z.lanewise(VectorOperators.LSHR, 27).lanewise(VectorOperators.XOR, z);
            z = z.mul(CounterRandom.MIX_2);
            z = z.lanewise(VectorOperators.LSHR, 31).lanewise(VectorOperators.XOR, z);
            IntVector words = z.reinterpretAsInts();
            VectorMask<Integer> kept =
                    words.lanewise(VectorOperators.XOR, Integer.MIN_VALUE)
                            .compare(VectorOperators.LT, cut);
            zero.blend(FloatVector.fromArray(FLOATS, x, i), kept.cast(FLOATS)).intoArray(x, i);
        }
        for (; i < n; i++) {
            keepOne(x, i, key, first + i, keepBelow);
        }
    }

    private static void keepOne(float[] x, int i, long key, long element, long keepBelow) {
        if ((CounterRandom.word(key, element) & 0xFFFFFFFFL) >= keepBelow) {
            x[i] = 0;
        }
    }
}
