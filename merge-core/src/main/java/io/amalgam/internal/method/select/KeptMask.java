package io.amalgam.internal.method.select;

import io.amalgam.method.Block;
import java.util.Arrays;
import java.util.List;

/**
 * A mask kept from one pass for the next, one bit per element, for masks that are expensive to
 * compute.
 *
 * @param parts in the order of the tensor
 * @param mask which of those remembered in each part
 * @param rowLength of the pass it was found in, so that blocks lie in one part
 */
public record KeptMask(List<Part> parts, int mask, long rowLength) implements DeltaMask {
    /** The masks of a tensor are remembered up to this many bytes: 67 million elements of three. */
    private static final long MOST = 24L << 20;

    /** Which elements several masks keep of a run of elements, taken block after block. */
    public static final class Part {
        private final long from;
        private final byte[][] kept;

        /**
         * @param from the first element's index, a multiple of 8
         */
        public Part(long from, int masks) {
            this.from = from;
            this.kept = new byte[masks][0];
        }

        /** Remembers which of a block's elements a mask has kept: those that are not +0. */
        public void add(int mask, Block in, float[] delta) {
            int at = (int) ((in.offset() - from) / 8);
            int end = at + (in.length() + 7) / 8;
            if (kept[mask].length < end) {
                kept[mask] = Arrays.copyOf(kept[mask], Math.max(end, 2 * at));
            }
            in.kernels().nonzeroBits(delta, kept[mask], at, in.length());
        }

        private void delta(int mask, Block in, float[] x, float[] base, float[] dst) {
            int at = (int) ((in.offset() - from) / 8);
            in.kernels().keptDelta(x, base, kept[mask], at, dst, in.length());
        }
    }

    /** Whether some masks are worth remembering, and there is room. */
    public static boolean fits(DeltaMask[] masks, long elements) {
        long dear = Arrays.stream(masks).filter(DeltaMask::isDear).count();
        boolean aligned = DeltaMask.rowLength(masks) % 8 == 0;
        return dear > 0 && aligned && dear * (elements / 8) <= MOST;
    }

    @Override
    public void delta(Block in, float[] x, float[] base, float[] dst) {
        int first = 0;
        int last = parts.size() - 1;
        while (first < last) {
            int middle = (first + last + 1) >>> 1;
            if (parts.get(middle).from <= in.offset()) {
                first = middle;
            } else {
                last = middle - 1;
            }
        }
        parts.get(first).delta(mask, in, x, base, dst);
    }
}
