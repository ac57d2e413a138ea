package io.amalgam.internal.engine;

/**
 * A sample of a tensor: of each {@code LENGTH * oneIn} elements one stretch of {@code LENGTH}.
 * Which one follows the golden ratio: all places are equally frequent, and no length of a row or a
 * head falls into step with them.
 *
 * @param oneIn 1 takes every element
 */
record SampledStretches(int oneIn) {
    static final int LENGTH = 1 << 10;

    /** 2^64 divided by the golden ratio. */
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    SampledStretches {
        if (oneIn < 1) {
            throw new IllegalArgumentException("one in " + oneIn);
        }
    }

    /** Where the stretch begins that is taken of the elements around one. */
    long beginFor(long element) {
        long group = element / period();
        long place = (((group * GOLDEN) >>> 32) * oneIn) >>> 32;
        return group * period() + place * LENGTH;
    }

    /** Where it ends. */
    long endFor(long element) {
        return beginFor(element) + LENGTH;
    }

    /** The first element after one of which another stretch is taken. */
    long next(long element) {
        return (element / period() + 1) * period();
    }

    private long period() {
        return (long) LENGTH * oneIn;
    }
}
