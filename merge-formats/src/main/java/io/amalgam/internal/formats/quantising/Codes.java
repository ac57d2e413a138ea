package io.amalgam.internal.formats.quantising;

/** Codes of single values. Values are in the range of the type, but for rounding. */
final class Codes {
    /** The largest of E4M3. */
    static final float E4M3_LARGEST = 448;

    /** The largest of E2M1. */
    static final float E2M1_LARGEST = 6;

    private static final float E4M3_SMALLEST_NORMAL = 0x1p-6f;
    private static final int DROPPED_BITS = 20;
    private static final float NO_FRACTION = 0x1p23f;

    private Codes() {}

    /** E4M3, clamped, to the nearest, ties to even; the sign of zero is kept. */
    static byte e4m3(float value) {
        int sign = Float.floatToRawIntBits(value) >>> 24 & 0x80;
        float magnitude = Math.min(Math.abs(value), E4M3_LARGEST);
        if (magnitude < E4M3_SMALLEST_NORMAL) {
            // A sum without fraction bits is rounded to a whole number of the smallest steps.
            float steps = magnitude * 0x1p9f + NO_FRACTION;
            return (byte) (sign | (Float.floatToRawIntBits(steps) & 0xF));
        }
        int bits = Float.floatToRawIntBits(magnitude);
        int half = (1 << (DROPPED_BITS - 1)) - 1 + ((bits >>> DROPPED_BITS) & 1);
        return (byte) (sign | (((bits + half) >>> DROPPED_BITS) - (120 << 3)));
    }

    /** E2M1, clamped, to the nearest, ties to even; a value that is a zero has the code 0. */
    static int e2m1(float value) {
        float x = Math.abs(value);
        int code =
                (x > 0.25f ? 1 : 0)
                        + (x >= 0.75f ? 1 : 0)
                        + (x > 1.25f ? 1 : 0)
                        + (x >= 1.75f ? 1 : 0)
                        + (x > 2.5f ? 1 : 0)
                        + (x >= 3.5f ? 1 : 0)
                        + (x > 5f ? 1 : 0);
        return code;
    }

    /** A whole number in a range, to the nearest, ties to even. */
    static int whole(float value, int least, int most) {
        return (int) Math.rint(Math.max(least, Math.min(most, value)));
    }

    /** The exponent of the smallest power of two that is not below a positive number. */
    static int ceilLog2(float value) {
        int exponent = Math.getExponent(value);
        if (exponent < Float.MIN_EXPONENT) {
            exponent = Math.getExponent(value * 0x1p64f) - 64;
            return Math.scalb(1f, exponent) == value ? exponent : exponent + 1;
        }
        return (Float.floatToRawIntBits(value) & 0x7FFFFF) == 0 ? exponent : exponent + 1;
    }

    /** A power of two as a biased exponent. */
    static float power(int biased) {
        return Math.scalb(1f, biased - 127);
    }
}
