package io.amalgam.internal.tensor;

import java.math.BigDecimal;
import java.math.MathContext;

/** Numbers as text that is the same on every Java: {@code Double.toString} changed in 19. */
public final class Decimals {
    private static final int MOST_DIGITS = 17;

    /** Numbers from here to {@link #LARGE} are written without an exponent. */
    private static final double SMALL = 1e-3;

    private static final double LARGE = 1e7;

    private Decimals() {}

    /** The shortest decimal number that is nearer to this one than to any other double. */
    public static String text(double value) {
        if (!Double.isFinite(value) || value == 0) {
            return String.valueOf(value);
        }
        BigDecimal exact = new BigDecimal(value);
        for (int digits = 1; digits < MOST_DIGITS; digits++) {
            BigDecimal rounded = exact.round(new MathContext(digits));
            if (rounded.doubleValue() == value) {
                return plain(rounded);
            }
        }
        return plain(exact.round(new MathContext(MOST_DIGITS)));
    }

    private static String plain(BigDecimal value) {
        double size = Math.abs(value.doubleValue());
        if (size < SMALL || size >= LARGE) {
            return value.toString();
        }
        String text = value.toPlainString();
        return text.indexOf('.') < 0 ? text + ".0" : text;
    }
}
