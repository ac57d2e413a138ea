package io.amalgam.internal.formats.quantising;

import io.amalgam.tensor.DType;

/**
 * How a scale follows from the largest magnitude of its values, where codes take a byte. All
 * results are rounded to float32.
 */
enum ByteScale {
    /** Quotient of the largest magnitude and the largest code. */
    FP8(DType.F8_E4M3, DType.F32) {
        @Override
        float scale(float largest) {
            float scale = largest / Codes.E4M3_LARGEST;
            return scale == 0 ? EPSILON : scale;
        }
    },
    /** As {@link #FP8}, rounded twice, as transformers does it: values are multiplied. */
    FP8_INVERSE(DType.F8_E4M3, DType.F32) {
        @Override
        float scale(float largest) {
            return 1 / factor(largest);
        }

        @Override
        float divisor(float largest, float scale) {
            return factor(largest);
        }

        @Override
        byte code(float value, float by) {
            return Codes.e4m3(value * by);
        }
    },
    /** As {@link #FP8_INVERSE}, rounded up to a power of two. */
    FP8_POWER(DType.F8_E4M3, DType.F8_E8M0) {
        @Override
        float scale(float largest) {
            return Codes.power(127 + Codes.ceilLog2(Math.max(1 / factor(largest), 0x1p-126f)));
        }

        @Override
        float divisor(float largest, float scale) {
            return 1 / scale;
        }

        @Override
        byte code(float value, float by) {
            return Codes.e4m3(value * by);
        }
    },
    /** A power of two, stored as a byte. */
    MXFP8(DType.F8_E4M3, DType.U8) {
        @Override
        float scale(float largest) {
            float quotient = largest / Codes.E4M3_LARGEST;
            int exponent = quotient == 0 ? -127 : Codes.ceilLog2(quotient);
            return Codes.power(127 + Math.max(-127, Math.min(127, exponent)));
        }
    },
    INT8(DType.I8, DType.F32) {
        @Override
        float scale(float largest) {
            float scale = largest / 127.5f;
            return scale == 0 ? EPSILON : scale;
        }

        @Override
        byte code(float value, float by) {
            return (byte) Codes.whole(value / by, Byte.MIN_VALUE, Byte.MAX_VALUE);
        }
    };

    /** The scale of zeros. */
    static final float EPSILON = 0x1p-23f;

    private final DType codes;
    private final DType scales;

    ByteScale(DType codes, DType scales) {
        this.codes = codes;
        this.scales = scales;
    }

    DType codes() {
        return codes;
    }

    DType scales() {
        return scales;
    }

    /** What codes are multiplied with when they are read. */
    abstract float scale(float largest);

    /** What {@link #code} takes beside a value. */
    float divisor(float largest, float scale) {
        return scale;
    }

    byte code(float value, float by) {
        return Codes.e4m3(value / by);
    }

    private static float factor(float largest) {
        float factor = 1 / largest * Codes.E4M3_LARGEST;
        // Of zeros, and of numbers that are too small for a reciprocal.
        return Float.isFinite(factor) ? factor : 1;
    }

    /** Stores scales. */
    void put(byte[] bytes, int number, float scale) {
        if (scales == DType.F32) {
            Room.putFloat(bytes, number * Float.BYTES, scale);
        } else {
            bytes[number] = (byte) (127 + Codes.ceilLog2(scale));
        }
    }

    int scaleBytes() {
        return scales.blockBytes();
    }
}
