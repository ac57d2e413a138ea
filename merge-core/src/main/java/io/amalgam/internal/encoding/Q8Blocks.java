package io.amalgam.internal.encoding;

import io.amalgam.internal.tensor.Half;
import io.amalgam.kernel.Kernels;
import io.amalgam.tensor.DType;

/** Q8_0 of ggml: a float16 scale and 32 signed bytes. */
final class Q8Blocks extends BlockEncoding {
    static final Q8Blocks INSTANCE = new Q8Blocks();

    private static final int ELEMENTS = 32;

    private Q8Blocks() {
        super(DType.Q8_0);
    }

    @Override
    boolean decodeBlock(byte[] bytes, int offset, float[] dst, int at, Kernels kernels) {
        float scale = half(bytes, offset);
        kernels.int8ToFloat(bytes, offset + 2, 0, scale, 1, dst, at, ELEMENTS);
        return Math.abs(scale) <= Float.MAX_VALUE;
    }

    @Override
    void encodeBlock(float[] src, int from, byte[] bytes, int offset) {
        float largest = 0;
        for (int i = 0; i < ELEMENTS; i++) {
            largest = Math.max(largest, Math.abs(src[from + i]));
        }
        float scale = largest / 127;
        float inverse = scale == 0 ? 0 : 1 / scale;
        putShort(bytes, offset, Half.fromFloat(scale));
        for (int i = 0; i < ELEMENTS; i++) {
            bytes[offset + 2 + i] = (byte) awayFromZero(src[from + i] * inverse);
        }
    }

    /** To the nearest integer, halves away from zero: exact, as a float32 and 0.5 fit a double. */
    private static int awayFromZero(float value) {
        return truncated(value + Math.copySign(0.5, value));
    }

    @Override
    public float largest() {
        return Math.nextDown(65520f * 127);
    }
}
