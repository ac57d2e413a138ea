package io.amalgam.internal.tensor;

/**
 * The two 8-bit floats in use for weights (Micikevicius et al. 2022, <a
 * href="https://arxiv.org/abs/2209.05433">arXiv 2209.05433</a>): E4M3 without infinities (largest
 * 448, one NaN pattern), E5M2 with them (largest 57344).
 */
public final class Float8 {
    private static final float[] E4M3 = new float[256];
    private static final float[] E5M2 = new float[256];

    static {
        for (int bits = 0; bits < 256; bits++) {
            E4M3[bits] = decode(bits, 4, 3);
            E5M2[bits] = decode(bits, 5, 2);
        }
    }

    private Float8() {}

    public static float e4m3ToFloat(byte bits) {
        return E4M3[bits & 0xFF];
    }

    public static float e5m2ToFloat(byte bits) {
        return E5M2[bits & 0xFF];
    }

    /**
     * Nearest, ties to even; beyond the largest finite value, and infinities, NaN (as PyTorch's
     * cast does).
     */
    public static byte floatToE4m3(float value) {
        return encode(value, 4, 3, 0x7E, 0x7F);
    }

    /** Nearest, ties to even; beyond the largest finite value, infinite. */
    public static byte floatToE5m2(float value) {
        return encode(value, 5, 2, 0x7B, 0x7C);
    }

    private static float decode(int bits, int exponentBits, int mantissaBits) {
        int exponentMask = (1 << exponentBits) - 1;
        int mantissaMask = (1 << mantissaBits) - 1;
        int exponent = (bits >> mantissaBits) & exponentMask;
        int mantissa = bits & mantissaMask;
        int bias = (1 << (exponentBits - 1)) - 1;
        float sign = (bits & 0x80) == 0 ? 1f : -1f;
        if (exponentBits == 4 && (bits & 0x7F) == 0x7F) {
            return Float.NaN;
        }
        if (exponentBits == 5 && exponent == exponentMask) {
            return mantissa == 0 ? sign * Float.POSITIVE_INFINITY : Float.NaN;
        }
        if (exponent == 0) {
            return sign * Math.scalb((float) mantissa, 1 - bias - mantissaBits);
        }
        return sign
                * Math.scalb(
                        (float) (mantissa | (1 << mantissaBits)), exponent - bias - mantissaBits);
    }

    private static byte encode(
            float value, int exponentBits, int mantissaBits, int largest, int overflow) {
        int sign = (Float.floatToRawIntBits(value) >>> 24) & 0x80;
        if (Float.isNaN(value)) {
            return (byte) (sign | 0x7F);
        }
        float magnitude = Math.abs(value);
        int bias = (1 << (exponentBits - 1)) - 1;
        int exponent = Math.max(Math.getExponent(magnitude), 1 - bias);
        // In units of the last place at this exponent the magnitude is a number below
        // 2^(mantissaBits+1): exact in a double.
        double units = Math.scalb((double) magnitude, mantissaBits - exponent);
        if (units >= 1 << (mantissaBits + 2)) {
            return (byte) (sign | overflow);
        }
        int rounded = (int) Math.rint(units);
        int bits =
                exponent == 1 - bias && rounded < 1 << mantissaBits
                        ? rounded
                        : ((exponent + bias) << mantissaBits) + (rounded - (1 << mantissaBits));
        return (byte) (sign | (bits > largest ? overflow : bits));
    }
}
