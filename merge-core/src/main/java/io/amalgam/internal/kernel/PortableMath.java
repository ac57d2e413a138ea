package io.amalgam.internal.kernel;

/**
 * Exponential and logarithm in float64 by additions, multiplications, fused or not, and divisions
 * only: the same bits on every JVM, like {@link StrictMath}, in a fraction of its time. Errors are
 * a few units in the last place.
 */
public final class PortableMath {
    public static final double LOG2_E = 1.4426950408889634;

    /** ln 2 in two parts; products of the first with exponents are exact. */
    public static final double LN2_HIGH = 0x1.62e42feep-1;

    public static final double LN2_LOW = 0x1.a39ef35793c76p-33;

    /** Added and taken away again, rounds to a whole number. */
    public static final double ROUNDER = 0x1.8p52;

    /** Exponentials are of this and more. */
    public static final double LEAST = -700;

    /** A series is enough where two numbers differ by at most this part of their sum. */
    public static final double NEAR = 0.17;

    private static final double SQRT2 = 1.4142135623730951;

    private PortableMath() {}

    /** The exponential of a number from -700 to 700; of NaN NaN. */
    public static double exp(double x) {
        double shifted = Math.fma(x, LOG2_E, ROUNDER);
        double whole = shifted - ROUNDER;
        double r = Math.fma(whole, -LN2_LOW, Math.fma(whole, -LN2_HIGH, x));
        // Taylor's series, |r| <= 0.35.
        double p = 1.0 / 6227020800.0;
        p = Math.fma(p, r, 1.0 / 479001600);
        p = Math.fma(p, r, 1.0 / 39916800);
        p = Math.fma(p, r, 1.0 / 3628800);
        p = Math.fma(p, r, 1.0 / 362880);
        p = Math.fma(p, r, 1.0 / 40320);
        p = Math.fma(p, r, 1.0 / 5040);
        p = Math.fma(p, r, 1.0 / 720);
        p = Math.fma(p, r, 1.0 / 120);
        p = Math.fma(p, r, 1.0 / 24);
        p = Math.fma(p, r, 1.0 / 6);
        p = Math.fma(p, r, 0.5);
        p = Math.fma(p, r, 1);
        p = Math.fma(p, r, 1);
        // The low bits of the shifted number are the exponent.
        long exponent = Double.doubleToRawLongBits(shifted) + 1023;
        return p * Double.longBitsToDouble(exponent << 52);
    }

    /**
     * {@code ln(a/b)} of positive, normal numbers whose quotient is so too. What is near 1 keeps
     * its digits: differences are taken before logarithms.
     */
    public static double logRatio(double a, double b) {
        if (Math.abs(a - b) > NEAR * (a + b)) {
            return log(a / b);
        }
        double s = (a - b) / (a + b);
        double z = s * s;
        return Math.fma(2 * s, z * artanh(z), 2 * s);
    }

    /** {@code 1/3 + z/5 + z^2/7 + ...}, the tail of the inverse tangent's series in s = sqrt z. */
    private static double artanh(double z) {
        double p = 1.0 / 21;
        p = Math.fma(p, z, 1.0 / 19);
        p = Math.fma(p, z, 1.0 / 17);
        p = Math.fma(p, z, 1.0 / 15);
        p = Math.fma(p, z, 1.0 / 13);
        p = Math.fma(p, z, 1.0 / 11);
        p = Math.fma(p, z, 1.0 / 9);
        p = Math.fma(p, z, 1.0 / 7);
        p = Math.fma(p, z, 1.0 / 5);
        return Math.fma(p, z, 1.0 / 3);
    }

    /** The natural logarithm of a positive, finite, normal number. */
    static double log(double x) {
        long bits = Double.doubleToRawLongBits(x);
        int exponent = (int) (bits >>> 52) - 1023;
        double m = Double.longBitsToDouble((bits & 0xFFFFFFFFFFFFFL) | 0x3FF0000000000000L);
        if (m > SQRT2) {
            m *= 0.5;
            exponent++;
        }
        // ln m = 2 artanh s, |s| <= 0.172.
        double f = m - 1;
        double s = f / (2 + f);
        double z = s * s;
        // 2 s = f - s f, which keeps the digits of a small f.
        double tail = 2 * s * z * artanh(z) - s * f + exponent * LN2_LOW;
        return exponent * LN2_HIGH + (f + tail);
    }
}
