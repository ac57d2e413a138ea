package io.amalgam.internal.tensor;

/**
 * IEEE 754 binary16 (float16: sign, 5 exponent bits, 10 mantissa bits; largest 65504, smallest
 * subnormal 2^-24), held as a raw short.
 */
public final class Half {
    private static final int EXPONENT_DIFFERENCE = 127 - 15;

    private Half() {}

    /** Exact; infinities stay infinite, NaN keeps its sign and payload. */
    public static float toFloat(short bits) {
        int magnitude = bits & 0x7FFF;
        int sign = (bits & 0x8000) << 16;
        if (magnitude < 0x400) {
            float subnormal = magnitude * 0x1p-24f;
            return sign == 0 ? subnormal : -subnormal;
        }
        // Infinities and NaN have the largest exponent of both formats, so they are moved twice as
        // far.
        int shift = magnitude < 0x7C00 ? EXPONENT_DIFFERENCE : 2 * EXPONENT_DIFFERENCE;
        return Float.intBitsToFloat(sign | ((magnitude << 13) + (shift << 23)));
    }

    /**
     * Nearest, ties to even, subnormals included; from 65520 on infinite. NaN stays NaN: made
     * quiet, sign and upper payload kept.
     */
    public static short fromFloat(float value) {
        int bits = Float.floatToRawIntBits(value);
        int magnitude = bits & 0x7FFFFFFF;
        int sign = (bits >>> 16) & 0x8000;
        if (magnitude > 0x7F800000) {
            return (short) (sign | 0x7E00 | ((magnitude >>> 13) & 0x3FF));
        }
        if (magnitude < 0x38800000) {
            // Below 2^-14. The unit in the last place of 0.5 is 2^-24, float16's smallest step: the
            // addition does the rounding.
            int rounded = Float.floatToRawIntBits(Float.intBitsToFloat(magnitude) + 0.5f);
            return (short) (sign | (rounded - 0x3F000000));
        }
        int rounded =
                (magnitude + 0xFFF + ((magnitude >>> 13) & 1) - (EXPONENT_DIFFERENCE << 23)) >>> 13;
        return (short) (sign | Math.min(rounded, 0x7C00));
    }
}
