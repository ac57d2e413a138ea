package io.amalgam.method;

/**
 * Which elements of a task vector are kept; the others are 0. Fixed once made, used by many
 * threads.
 */
interface DeltaMask {
    /** Writes the kept part of {@code x - base} for the block's elements to {@code dst}. */
    void delta(Block in, float[] x, float[] base, float[] dst);

    /** The whole task vector. */
    DeltaMask ALL = (in, x, base, dst) -> in.kernels().subtract(x, base, dst, in.length());

    /** Nothing of it. */
    DeltaMask NONE = (in, x, base, dst) -> java.util.Arrays.fill(dst, 0, in.length(), 0f);

    /** Each element with probability {@code density}, by the random words of a key. */
    static DeltaMask random(long key, double density) {
        long keepBelow = (long) Math.rint(Math.min(1, density) * 0x1p32);
        return (in, x, base, dst) -> {
            in.kernels().subtract(x, base, dst, in.length());
            in.kernels().keepRandom(dst, key, in.offset(), keepBelow, in.length());
        };
    }
}
