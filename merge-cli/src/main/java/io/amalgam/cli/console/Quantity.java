package io.amalgam.cli.console;

import java.util.Locale;

/**
 * Numbers for people: three digits and a unit. Units are decimal, as storage and other tools count.
 */
public final class Quantity {
    private static final String[] BYTES = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    private static final String[] COUNTS = {"", " thousand", " million", " billion", " trillion"};

    private Quantity() {}

    public static String bytes(double bytes) {
        return scaled(bytes, BYTES, " ");
    }

    /** {@code 1.10 billion}. */
    public static String count(double count) {
        return scaled(count, COUNTS, "");
    }

    private static String scaled(double value, String[] units, String gap) {
        double rest = value;
        int unit = 0;
        // 999.5 would be written 1000.
        while (rest >= 999.5 && unit < units.length - 1) {
            rest /= 1000;
            unit++;
        }
        int decimals = unit == 0 || rest >= 99.95 ? 0 : rest >= 9.995 ? 1 : 2;
        return String.format(Locale.ROOT, "%." + decimals + "f", rest) + gap + units[unit];
    }

    /** {@code 7.3 s}, {@code 4 min 10 s}, {@code 2 h 5 min}. */
    public static String duration(double seconds) {
        if (seconds < 9.95) {
            return String.format(Locale.ROOT, "%.1f s", seconds);
        }
        long whole = Math.round(seconds);
        if (whole < 60) {
            return whole + " s";
        }
        if (whole < 3600) {
            return whole / 60 + " min " + whole % 60 + " s";
        }
        return whole / 3600 + " h " + whole % 3600 / 60 + " min";
    }

    /** {@code 1 tensor}, {@code 2 tensors}. */
    public static String of(long count, String thing) {
        return count + " " + thing + (count == 1 ? "" : "s");
    }
}
