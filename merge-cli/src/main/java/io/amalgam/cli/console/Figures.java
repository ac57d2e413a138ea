package io.amalgam.cli.console;

import java.util.Locale;

/** Figures of comparisons, as tables and pages show them. */
public final class Figures {
    private Figures() {}

    /** Three digits. */
    public static String number(double value) {
        if (value == 0) {
            return "0";
        }
        return Double.isFinite(value)
                ? String.format(Locale.ROOT, "%.3g", value)
                : Double.isNaN(value) ? "-" : "infinite";
    }

    public static String cosine(double value) {
        return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, "%.5f", value);
    }

    /** A share of elements; what is not 0 is not shown as 0. */
    public static String percent(double share) {
        if (share == 0 || share >= 0.0005) {
            return String.format(Locale.ROOT, "%.1f%%", 100 * share);
        }
        return "<0.1%";
    }
}
