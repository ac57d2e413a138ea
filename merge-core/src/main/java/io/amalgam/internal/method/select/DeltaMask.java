package io.amalgam.internal.method.select;

import io.amalgam.method.Block;
import io.amalgam.method.TensorStep;
import java.util.Arrays;

/**
 * The mask of a task vector's kept elements; the others are 0. Fixed once made, used by many
 * threads.
 */
public interface DeltaMask {
    /** Writes the kept part of {@code x - base} for the block's elements to {@code dst}. */
    void delta(Block in, float[] x, float[] base, float[] dst);

    /** Writes {@code weight * (factor * kept part)}, both products rounded. */
    default void weighted(
            Block in, float[] x, float[] base, float factor, float weight, float[] dst) {
        delta(in, x, base, dst);
        if (factor != 1) {
            in.kernels().scale(dst, factor, dst, in.length());
        }
        if (weight != 1) {
            in.kernels().scale(dst, weight, dst, in.length());
        }
    }

    /**
     * The least magnitude kept, as bits, from an element of the tensor on, where that is all there
     * is to the mask; else -1.
     */
    default int cutFrom(long element) {
        return -1;
    }

    /** The element before which {@link #cutFrom} of an element holds. */
    default long cutEnd(long element) {
        return Long.MAX_VALUE;
    }

    /** Whether finding the mask takes so long that it is worth remembering for the next pass. */
    default boolean isDear() {
        return false;
    }

    /**
     * As {@link TensorStep.Combine#rowLength()}: what a block must hold for the mask to be known.
     */
    default long rowLength() {
        return 1;
    }

    /** What a block must hold for all masks to be known. */
    static long rowLength(DeltaMask[] masks) {
        long length = 1;
        for (DeltaMask mask : masks) {
            length = Math.max(length, mask.rowLength());
        }
        return length;
    }

    /** Bytes of scratch that finding the mask takes for each element of a row. */
    default int scratchBytes() {
        return 0;
    }

    /** Bytes that the mask itself holds for each element of a row. */
    default int heldBytes() {
        return 0;
    }

    /**
     * Bytes of scratch for each element of a row: some numbers of what is made of the masks, what
     * the masks hold, and what it takes to find them, one after another.
     */
    static int scratchBytes(DeltaMask[] masks, int numbers) {
        int held = 0;
        int most = 0;
        for (DeltaMask mask : masks) {
            held += mask.heldBytes();
            most = Math.max(most, mask.scratchBytes());
        }
        return numbers * Float.BYTES + most + held;
    }

    /** The whole task vector. */
    public DeltaMask ALL =
            new DeltaMask() {
                @Override
                public void delta(Block in, float[] x, float[] base, float[] dst) {
                    in.kernels().subtract(x, base, dst, in.length());
                }

                @Override
                public int cutFrom(long element) {
                    return 0;
                }
            };

    /** Nothing of it. */
    public DeltaMask NONE = (in, x, base, dst) -> Arrays.fill(dst, 0, in.length(), 0f);

    /** Each element with probability {@code density}, by the random words of a key. */
    public static DeltaMask random(long key, double density) {
        return new RandomMask(key, (long) Math.rint(Math.min(1, density) * 0x1p32));
    }

    /** Keeps the elements whose random word is below a bound. */
    record RandomMask(long key, long keepBelow) implements DeltaMask {
        @Override
        public void delta(Block in, float[] x, float[] base, float[] dst) {
            weighted(in, x, base, 1, 1, dst);
        }

        @Override
        public void weighted(
                Block in, float[] x, float[] base, float factor, float weight, float[] dst) {
            in.kernels()
                    .randomDelta(
                            x, base, key, in.offset(), keepBelow, factor, weight, dst, in.length());
        }
    }
}
