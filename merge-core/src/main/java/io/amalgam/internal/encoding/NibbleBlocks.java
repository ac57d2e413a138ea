package io.amalgam.internal.encoding;

import io.amalgam.internal.tensor.Half;
import io.amalgam.kernel.Kernels;
import io.amalgam.tensor.DType;

/**
 * Q4_0, Q4_1, Q5_0 and Q5_1 of ggml: 32 codes of 4 bits (element {@code j} and {@code 16 + j} share
 * a byte), a fifth bit apart, a float16 scale, and a float16 minimum where codes count from one.
 */
final class NibbleBlocks extends BlockEncoding {
    static final NibbleBlocks Q4_0 = new NibbleBlocks(DType.Q4_0, false, false);
    static final NibbleBlocks Q4_1 = new NibbleBlocks(DType.Q4_1, false, true);
    static final NibbleBlocks Q5_0 = new NibbleBlocks(DType.Q5_0, true, false);
    static final NibbleBlocks Q5_1 = new NibbleBlocks(DType.Q5_1, true, true);

    private static final int ELEMENTS = 32;
    private static final int HALF = ELEMENTS / 2;

    private final boolean fiveBits;
    private final boolean minimum;
    private final int zero;
    private final int last;
    private final int codes;

    private NibbleBlocks(DType type, boolean fiveBits, boolean minimum) {
        super(type);
        this.fiveBits = fiveBits;
        this.minimum = minimum;
        this.zero = fiveBits ? 16 : 8;
        this.last = 2 * zero - 1;
        this.codes = type.blockBytes() - HALF;
    }

    @Override
    boolean decodeBlock(byte[] bytes, int offset, float[] dst, int at, Kernels kernels) {
        float scale = half(bytes, offset);
        float least = minimum ? half(bytes, offset + 2) : 0;
        int from = offset + codes;
        if (fiveBits) {
            withFifths(bytes, from, scale, least, dst, at, kernels);
        } else {
            float of = minimum ? 0 : zero;
            // Not -0 without a minimum: -0 less it is 0.
            float less = minimum ? -least : 0;
            kernels.bitsToFloat(bytes, from, 0, 15, of, scale, less, dst, at, HALF);
            kernels.bitsToFloat(bytes, from, 4, 15, of, scale, less, dst, at + HALF, HALF);
        }
        return Math.abs(scale) <= Float.MAX_VALUE && Math.abs(least) <= Float.MAX_VALUE;
    }

    private void withFifths(
            byte[] bytes,
            int from,
            float scale,
            float least,
            float[] dst,
            int at,
            Kernels kernels) {
        float of = minimum ? 0 : zero;
        float less = minimum ? -least : 0;
        int fifths = intAt(bytes, from - Integer.BYTES);
        int up = at + HALF;
        kernels.fiveBitsToFloat(bytes, from, 0, fifths, of, scale, less, dst, at, HALF);
        kernels.fiveBitsToFloat(bytes, from, 4, fifths >>> HALF, of, scale, less, dst, up, HALF);
    }

    @Override
    void encodeBlock(float[] src, int from, byte[] bytes, int offset) {
        float least = minimum ? least(src, from) : 0;
        float scale = minimum ? (greatest(src, from) - least) / last : farthest(src, from) / -zero;
        float inverse = scale == 0 ? 0 : 1 / scale;
        float shift = minimum ? 0.5f : zero + 0.5f;
        putShort(bytes, offset, Half.fromFloat(scale));
        if (minimum) {
            putShort(bytes, offset + 2, Half.fromFloat(least));
        }
        int high = 0;
        for (int j = 0; j < HALF; j++) {
            int low = code((src[from + j] - least) * inverse + shift);
            int up = code((src[from + HALF + j] - least) * inverse + shift);
            bytes[offset + codes + j] = (byte) ((low & 15) | (up & 15) << 4);
            high |= (low >>> 4) << j | (up >>> 4) << (HALF + j);
        }
        if (fiveBits) {
            putInt(bytes, offset + codes - Integer.BYTES, high);
        }
    }

    private int code(float value) {
        return Math.min(last, truncated(value));
    }

    private static float least(float[] src, int from) {
        float least = src[from];
        for (int i = 1; i < ELEMENTS; i++) {
            least = Math.min(least, src[from + i]);
        }
        return least;
    }

    private static float greatest(float[] src, int from) {
        float greatest = src[from];
        for (int i = 1; i < ELEMENTS; i++) {
            greatest = Math.max(greatest, src[from + i]);
        }
        return greatest;
    }

    /** The element of the largest magnitude, the first of several, with its sign. */
    private static float farthest(float[] src, int from) {
        float farthest = src[from];
        for (int i = 1; i < ELEMENTS; i++) {
            farthest = Math.abs(src[from + i]) > Math.abs(farthest) ? src[from + i] : farthest;
        }
        return farthest;
    }

    @Override
    public float largest() {
        return Math.nextDown(minimum ? 65520f : 65520f * zero);
    }
}
