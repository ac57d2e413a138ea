package io.amalgam.internal.structure.moe;

import io.amalgam.kernel.CounterRandom;

/**
 * Normal numbers without a state: Box and Muller's transform of {@link CounterRandom}'s words. The
 * same on any machine, as it uses StrictMath.
 */
final class NormalRandom {
    private NormalRandom() {}

    /** The standard normal number of an element under a key. */
    static double value(long key, long element) {
        long even = element & ~1L;
        // In (0, 1]: there is no logarithm of 0.
        double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - CounterRandom.uniform(key, even)));
        double angle = 2 * Math.PI * CounterRandom.uniform(key, even + 1);
        return radius * (element == even ? StrictMath.cos(angle) : StrictMath.sin(angle));
    }
}
