package io.amalgam.internal.method.select;

import io.amalgam.method.Block;
import io.amalgam.tensor.Shape;
import org.jspecify.annotations.Nullable;

/**
 * DELLA's mask: within each row, elements are ranked by magnitude, of equal ones the lower index
 * first; the one of rank {@code r} of {@code m}, from 0 for the smallest, is kept with probability
 * {@code density - epsilon + 2 * epsilon * r / (m - 1)}. A row of one element is kept with
 * probability {@code density}.
 *
 * <p>Rows lie along axis 1, as in mergekit; a tensor of one dimension is one row.
 *
 * <p>Deep, Bhardwaj, Poria, "DELLA-Merging", <a href="https://arxiv.org/abs/2406.11617">arXiv
 * 2406.11617</a>.
 */
public final class RankedMask implements DeltaMask {
    private final long key;
    private final double density;
    private final double epsilon;
    private final long length;
    private final long stride;
    private final boolean dividing;
    private volatile int @Nullable [] limits;

    private RankedMask(
            long key, double density, double epsilon, long length, long stride, boolean dividing) {
        this.key = key;
        this.density = density;
        this.epsilon = epsilon;
        this.length = length;
        this.stride = stride;
        this.dividing = dividing;
    }

    /**
     * @param key of the random words
     * @param shape of the tensor
     */
    public static RankedMask of(long key, double density, double epsilon, Shape shape) {
        long length = shape.rank() < 2 ? shape.elements() : shape.dim(1);
        long stride = 1;
        for (int axis = 2; axis < shape.rank(); axis++) {
            stride *= shape.dim(axis);
        }
        return new RankedMask(
                key, density, epsilon, Math.max(1, length), Math.max(1, stride), false);
    }

    /** The same mask, which also divides each kept element by its own probability. */
    public RankedMask dividing() {
        return new RankedMask(key, density, epsilon, length, stride, true);
    }

    @Override
    public boolean isDear() {
        return !dividing;
    }

    @Override
    public long rowLength() {
        return length * stride;
    }

    @Override
    public int scratchBytes() {
        return RankedRows.bytes(Math.toIntExact(length), Math.toIntExact(stride));
    }

    /** Its limits, of each rank. */
    @Override
    public int heldBytes() {
        return Integer.BYTES;
    }

    @Override
    public void delta(Block in, float[] x, float[] base, float[] dst) {
        in.tool(RankedRows.class, RankedRows::new)
                .thin(in, x, base, this, key, limits(), Math.toIntExact(stride), dst);
    }

    /** Whether each kept element is divided by its probability. */
    boolean divides() {
        return dividing;
    }

    double probability(int rank) {
        return length == 1
                ? density
                : density - epsilon + 2 * epsilon * ((double) rank / (length - 1));
    }

    /**
     * For each rank what a random word must be below, both with their highest bit turned round so
     * that they compare as ints. Ascending.
     */
    private int[] limits() {
        int[] made = limits;
        if (made == null) {
            made = new int[Math.toIntExact(length)];
            for (int rank = 0; rank < made.length; rank++) {
                long below = (long) Math.ceil(probability(rank) * 0x1p32);
                made[rank] = (int) Math.min(0xFFFFFFFFL, below) ^ Integer.MIN_VALUE;
            }
            limits = made;
        }
        return made;
    }
}
