package io.amalgam.tensor;

/**
 * Small binary floats by definition instead of by bit tricks: the reference of the conversion
 * tests. Works for formats with infinities and at most 8 exponent bits.
 */
public final class SlowFloats {
    private SlowFloats() {}

    /** The value of a pattern: sign, exponent and fraction taken apart and multiplied out. */
    public static double decode(int bits, int exponentBits, int fractionBits) {
        int bias = (1 << (exponentBits - 1)) - 1;
        int exponent = (bits >> fractionBits) & ((1 << exponentBits) - 1);
        double fraction = (bits & ((1 << fractionBits) - 1)) / Math.pow(2, fractionBits);
        double sign = (bits >> (exponentBits + fractionBits)) % 2 == 0 ? 1 : -1;
        if (exponent == (1 << exponentBits) - 1) {
            return fraction == 0 ? sign / 0.0 : Double.NaN;
        }
        return exponent == 0
                ? sign * fraction * Math.pow(2, 1 - bias)
                : sign * (1 + fraction) * Math.pow(2, exponent - bias);
    }

    /**
     * The pattern nearest to a number, found by bisection over all patterns; of two equally near
     * ones the even.
     */
    public static int encode(float value, int exponentBits, int fractionBits) {
        int sign = 1 / value < 0 || value < 0 ? 1 << (exponentBits + fractionBits) : 0;
        double magnitude = Math.abs((double) value);
        int infinite = ((1 << exponentBits) - 1) << fractionBits;
        int low = 0;
        int high = infinite;
        while (high - low > 1) {
            int middle = (low + high) >>> 1;
            if (decode(middle, exponentBits, fractionBits) <= magnitude) {
                low = middle;
            } else {
                high = middle;
            }
        }
        // For rounding, infinity counts as the next power of two: what the format would hold with
        // one more exponent.
        double above =
                high == infinite
                        ? Math.pow(2, 1 << (exponentBits - 1))
                        : decode(high, exponentBits, fractionBits);
        double toLow = magnitude - decode(low, exponentBits, fractionBits);
        double toHigh = above - magnitude;
        boolean up = toHigh < toLow || (toHigh == toLow && low % 2 == 1);
        return sign | (up ? high : low);
    }

    /**
     * Inputs that find rounding mistakes: for both signs, the middle between every two neighbours
     * of the format and the floats beside it; and float32 patterns of every kind, a prime step
     * apart.
     */
    public static float[] roundingCases(int exponentBits, int fractionBits) {
        int patterns = ((1 << exponentBits) - 1) << fractionBits;
        int step = 10_007;
        int strided = (int) ((1L << 32) / step);
        float[] cases = new float[patterns * 6 + strided];
        int count = 0;
        for (int pattern = 0; pattern < patterns; pattern++) {
            double low = decode(pattern, exponentBits, fractionBits);
            double high =
                    pattern + 1 == patterns
                            ? Math.pow(2, 1 << (exponentBits - 1))
                            : decode(pattern + 1, exponentBits, fractionBits);
            float middle = (float) ((low + high) / 2);
            for (float value : new float[] {middle, Math.nextUp(middle), Math.nextDown(middle)}) {
                cases[count++] = value;
                cases[count++] = -value;
            }
        }
        for (int i = 0; i < strided; i++) {
            cases[count++] = Float.intBitsToFloat(i * step);
        }
        return cases;
    }
}
