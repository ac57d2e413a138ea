package io.amalgam.internal.kernel.simd;

import static io.amalgam.internal.kernel.simd.Species.FLOATS;
import static io.amalgam.internal.kernel.simd.Species.LENGTH;

import io.amalgam.kernel.CounterRandom;
import jdk.incubator.vector.FloatVector;
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

    static void randomDelta(
            float[] x,
            float[] base,
            long key,
            long first,
            long keepBelow,
            float factor,
            float weight,
            float[] dst,
            int n) {
        int i = 0;
        if ((first & 1) != 0 && n > 0) {
            dst[0] = deltaOfOne(x[0] - base[0], key, first, keepBelow, factor, weight);
            i = 1;
        }
        FloatVector zero = FloatVector.zero(FLOATS);
        // No word is below 2^32 as a word: all are kept, or none needs a look.
        boolean all = keepBelow >= 1L << 32;
        int cut = (int) keepBelow ^ Integer.MIN_VALUE;
        long state = key + (((first + i) >>> 1) + 1) * CounterRandom.GAMMA;
        long advance = LENGTH / 2 * CounterRandom.GAMMA;
        for (; i <= n - LENGTH; i += LENGTH) {
            FloatVector delta =
                    FloatVector.fromArray(FLOATS, x, i).sub(FloatVector.fromArray(FLOATS, base, i));
            if (!all) {
                LongVector z = STEPS.add(state);
                state += advance;
                z = z.lanewise(VectorOperators.LSHR, 30).lanewise(VectorOperators.XOR, z);
                z = z.mul(CounterRandom.MIX_1);
                z = z.lanewise(VectorOperators.LSHR, 27).lanewise(VectorOperators.XOR, z);
                z = z.mul(CounterRandom.MIX_2);
                z = z.lanewise(VectorOperators.LSHR, 31).lanewise(VectorOperators.XOR, z);
                VectorMask<Integer> kept =
                        z.reinterpretAsInts()
                                .lanewise(VectorOperators.XOR, Integer.MIN_VALUE)
                                .compare(VectorOperators.LT, cut);
                delta = zero.blend(delta, kept.cast(FLOATS));
            }
            delta.mul(factor).mul(weight).intoArray(dst, i);
        }
        for (; i < n; i++) {
            dst[i] = deltaOfOne(x[i] - base[i], key, first + i, keepBelow, factor, weight);
        }
    }

    static void words(long key, long first, int[] dst, int n) {
        int i = 0;
        if ((first & 1) != 0 && n > 0) {
            dst[0] = CounterRandom.word(key, first);
            i = 1;
        }
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
            z.reinterpretAsInts().intoArray(dst, i);
        }
        for (; i < n; i++) {
            dst[i] = CounterRandom.word(key, first + i);
        }
    }

    private static float deltaOfOne(
            float delta, long key, long element, long keepBelow, float factor, float weight) {
        boolean kept = (CounterRandom.word(key, element) & 0xFFFFFFFFL) < keepBelow;
        return weight * (factor * (kept ? delta : 0));
    }
}
