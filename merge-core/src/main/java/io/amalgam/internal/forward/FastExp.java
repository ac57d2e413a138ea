package io.amalgam.internal.forward;

/**
 * The exponential of a float to within two units in the last place, by float32 arithmetic alone:
 * the same bits on every machine, several times as fast as {@link StrictMath#exp}.
 */
final class FastExp {
    private static final float LOG2E = 1.442695f;

    /** The natural logarithm of 2 in two parts, the first exact in products with whole numbers. */
    private static final float LN2_HIGH = 355f / 512;

    private static final float LN2_LOW = -2.1219444e-4f;

    /** Adding it rounds to a whole number. */
    private static final float ROUNDING = 12582912f;

    private static final float LEAST = -87f;
    private static final float MOST = 88f;
    private static final int BIAS = 127;
    private static final int MANTISSA = 23;

    private FastExp() {}

    /** 0 below -87, where exact results are about to lose their precision. */
    static float of(float x) {
        if (!(x >= LEAST && x <= MOST)) {
            return x < LEAST ? 0 : (float) StrictMath.exp(x);
        }
        float whole = (x * LOG2E + ROUNDING) - ROUNDING;
        float rest = Math.fma(-whole, LN2_LOW, Math.fma(-whole, LN2_HIGH, x));
        // The series of the exponential up to the seventh power; |rest| is at most 0.35.
        float sum = 1f / 5040;
        sum = Math.fma(sum, rest, 1f / 720);
        sum = Math.fma(sum, rest, 1f / 120);
        sum = Math.fma(sum, rest, 1f / 24);
        sum = Math.fma(sum, rest, 1f / 6);
        sum = Math.fma(sum, rest, 0.5f);
        sum = Math.fma(sum, rest, 1f);
        sum = Math.fma(sum, rest, 1f);
        return sum * Float.intBitsToFloat(((int) whole + BIAS) << MANTISSA);
    }
}
