package io.amalgam.internal.tensor;

/**
 * bfloat16: the upper half of a float32 (sign, 8 exponent bits, 7 mantissa bits), held as a raw
 * short.
 */
public final class BFloat16 {
    private BFloat16() {}

    /** Exact; every bit pattern, NaN payloads included, keeps its bits. */
    public static float toFloat(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /**
     * Nearest, ties to even; what rounds beyond the largest finite value becomes infinite. NaN
     * stays NaN: made quiet, sign and upper payload kept.
     */
    public static short fromFloat(float value) {
        int bits = Float.floatToRawIntBits(value);
        if ((bits & 0x7FFFFFFF) > 0x7F800000) {
            return (short) ((bits >>> 16) | 0x40);
        }
        // Half a unit less one, plus the last kept bit: a carry out of the lower half is exactly
        // "round up".
        return (short) ((bits + 0x7FFF + ((bits >>> 16) & 1)) >>> 16);
    }
}
