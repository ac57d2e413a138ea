package io.amalgam.internal.method.common;

/**
 * Exponential and logarithm in float64 by additions, multiplications and divisions only: the same
 * bits on every JVM, like {@link StrictMath}, in a fraction of its time. Errors are a few units in
 * the last place.
 */
public final class PortableMath {
    private static final double LOG2_E = 1.4426950408889634;

    /** ln 2 in two parts; products of the first with exponents are exact. */
    private static final double LN2_HIGH = 0x1.62e42feep-1;

    private static final double LN2_LOW = 0x1.a39ef35793c76p-33;

    /** Added and taken away again, rounds to a whole number. */
    private static final double ROUNDER = 0x1.8p52;

    private static final double SQRT2 = 1.4142135623730951;

    private PortableMath() {}

    /**
     * Replaces the first {@code n} numbers, up to 700, by their exponentials; below -700 by that of
     * -700, NaN by NaN.
     *
     * @param scratch as long, contents arbitrary
     */
    public static void exp(double[] x, double[] scratch, int n) {
        // No moves between number and bit pattern here: the compiler makes vectors of this loop.
        for (int i = 0; i < n; i++) {
            double bounded = Math.max(x[i], -700);
            double shifted = bounded * LOG2_E + ROUNDER;
            double whole = shifted - ROUNDER;
            double r = bounded - whole * LN2_HIGH - whole * LN2_LOW;
            // Taylor's series, |r| <= 0.35.
            double p = 1.0 / 6227020800.0;
            p = p * r + 1.0 / 479001600;
            p = p * r + 1.0 / 39916800;
            p = p * r + 1.0 / 3628800;
            p = p * r + 1.0 / 362880;
            p = p * r + 1.0 / 40320;
            p = p * r + 1.0 / 5040;
            p = p * r + 1.0 / 720;
            p = p * r + 1.0 / 120;
            p = p * r + 1.0 / 24;
            p = p * r + 1.0 / 6;
            p = p * r + 0.5;
            scratch[i] = shifted;
            x[i] = 1 + (r + r * r * p);
        }
        for (int i = 0; i < n; i++) {
            // The low bits of the shifted number are the exponent.
            long exponent = Double.doubleToRawLongBits(scratch[i]) + 1023;
            x[i] *= Double.longBitsToDouble(exponent << 52);
        }
    }

    /**
     * Writes {@code ln(a/b)} for the first {@code n} positive, normal numbers whose quotient is so
     * too. What is near 1 keeps its digits: differences are taken before logarithms.
     */
    public static void logRatio(double[] a, double[] b, double[] dst, int n) {
        for (int i = 0; i < n; i++) {
            double s = (a[i] - b[i]) / (a[i] + b[i]);
            double z = s * s;
            dst[i] = 2 * s + 2 * s * z * artanh(z);
        }
        for (int i = 0; i < n; i++) {
            if (Math.abs(a[i] - b[i]) > 0.17 * (a[i] + b[i])) {
                dst[i] = log(a[i] / b[i]);
            }
        }
    }

    /** {@code 1/3 + z/5 + z^2/7 + ...}, the tail of the inverse tangent's series in s = sqrt z. */
    private static double artanh(double z) {
        double p = 1.0 / 21;
        p = p * z + 1.0 / 19;
        p = p * z + 1.0 / 17;
        p = p * z + 1.0 / 15;
        p = p * z + 1.0 / 13;
        p = p * z + 1.0 / 11;
        p = p * z + 1.0 / 9;
        p = p * z + 1.0 / 7;
        p = p * z + 1.0 / 5;
        return p * z + 1.0 / 3;
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
