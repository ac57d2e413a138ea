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
 * @param rowLength of the pass it was found in, so that blocks mostly lie in one part
 */
public record KeptMask(List<Part> parts, int mask, long rowLength) implements DeltaMask {
    /** The masks of a tensor are remembered up to this many bytes: 67 million elements of three. */
    private static final long MOST = 24L << 20;

    /** Bytes of an object without its arrays' elements, and of the reference to it. */
    private static final int OBJECT = 64;

    /** Bytes that a part has room for beyond its blocks, at most. */
    private static final int SPARE = 1 << 11;

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
                kept[mask] = Arrays.copyOf(kept[mask], Math.max(end, at + SPARE));
            }
            in.kernels().nonzeroBits(delta, kept[mask], at, in.length());
        }
    }

    /** Bytes that the masks worth remembering are kept in, by so many units. */
    public static long bytesKept(DeltaMask[] masks, long elements, long units) {
        long spare = SPARE + OBJECT;
        return dear(masks) * (elements / 8 + units * spare)
                + units * (masks.length * (long) OBJECT + OBJECT);
    }

    private static long dear(DeltaMask[] masks) {
        return Arrays.stream(masks).filter(DeltaMask::isDear).count();
    }

    /** Whether some masks are worth remembering, and there is room. */
    public static boolean fits(DeltaMask[] masks, long elements) {
        long dear = dear(masks);
        boolean aligned = DeltaMask.rowLength(masks) % 8 == 0;
        return dear > 0 && aligned && dear * (elements / 8) <= MOST;
    }

    @Override
    public void delta(Block in, float[] x, float[] base, float[] dst) {
        int part = partOf(in.offset());
        int bytes = (in.length() + 7) / 8;
        int at = (int) ((in.offset() - parts.get(part).from) / 8);
        if (bytes <= bytes(part) - at) {
            in.kernels().keptDelta(x, base, parts.get(part).kept[mask], at, dst, in.length());
            return;
        }
        // Quantised output has other units, whose blocks may lie in several parts.
        byte[] joined = new byte[bytes];
        for (int done = 0; done < bytes; part++) {
            int count = Math.min(bytes - done, bytes(part) - at);
            System.arraycopy(parts.get(part).kept[mask], at, joined, done, count);
            done += count;
            at = 0;
        }
        in.kernels().keptDelta(x, base, joined, 0, dst, in.length());
    }

    /** Bytes of a part: the array may have room for more. */
    private int bytes(int part) {
        boolean last = part == parts.size() - 1;
        return last
                ? parts.get(part).kept[mask].length
                : (int) ((parts.get(part + 1).from - parts.get(part).from) / 8);
    }

    private int partOf(long element) {
        int first = 0;
        int last = parts.size() - 1;
        while (first < last) {
            int middle = (first + last + 1) >>> 1;
            if (parts.get(middle).from <= element) {
                first = middle;
            } else {
                last = middle - 1;
            }
        }
        return first;
    }
}
