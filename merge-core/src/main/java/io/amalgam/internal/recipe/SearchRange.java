package io.amalgam.internal.recipe;

import io.amalgam.recipe.Location;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.List;
import java.util.OptionalLong;

/**
 * The values that a search may give to a name. They lie along a line from 0 to 1, so that a search
 * need not know what they are.
 */
public sealed interface SearchRange {
    /** Of the place, as in <code>${name}</code>. */
    String name();

    Location location();

    /** The value at a point from 0 to 1, as the recipe has it. */
    String at(double point);

    /** Where a search begins. */
    double start();

    /** How many values there are; empty where they are numbers of any kind. */
    OptionalLong count();

    /** The range in a few words. */
    String words();

    /**
     * Numbers from one to another, both included; in steps of a ten thousandth, so that recipes can
     * be read.
     *
     * @param log whether equal distances are equal ratios
     */
    record Real(String name, double low, double high, boolean log, double begin, Location location)
            implements SearchRange {
        private static final int DIGITS = 4;

        @Override
        public String at(double point) {
            double value = Scale.value(point, low, high, log);
            double step = log ? Math.abs(value) : high - low;
            int digits = log ? DIGITS - 1 : DIGITS;
            int places = digits - (int) Math.floor(Math.log10(step));
            BigDecimal rounded =
                    new BigDecimal(value).setScale(Math.max(0, places), RoundingMode.HALF_EVEN);
            BigDecimal least = BigDecimal.valueOf(low);
            BigDecimal most = BigDecimal.valueOf(high);
            BigDecimal inside = rounded.max(least).min(most);
            return inside.signum() == 0 ? "0" : inside.stripTrailingZeros().toPlainString();
        }

        @Override
        public double start() {
            return Scale.point(begin, low, high, log);
        }

        @Override
        public OptionalLong count() {
            return OptionalLong.empty();
        }

        @Override
        public String words() {
            return low + " to " + high + (log ? ", logarithmic" : "");
        }
    }

    /** Whole numbers from one to another, both included. */
    record Whole(String name, long low, long high, boolean log, double begin, Location location)
            implements SearchRange {
        @Override
        public String at(double point) {
            // Each number has an equal part of the line, those at its ends too.
            double value = Scale.value(point, low - 0.5, high + 0.5, log);
            return String.valueOf(Math.max(low, Math.min(high, Math.round(value))));
        }

        @Override
        public double start() {
            return Scale.point(begin, low - 0.5, high + 0.5, log);
        }

        @Override
        public OptionalLong count() {
            return OptionalLong.of(high - low + 1);
        }

        @Override
        public String words() {
            return "whole, " + low + " to " + high + (log ? ", logarithmic" : "");
        }
    }

    /** One of several texts. */
    record Choice(String name, List<String> values, int begin, Location location)
            implements SearchRange {
        public Choice {
            values = List.copyOf(values);
        }

        @Override
        public String at(double point) {
            int place = (int) Math.floor(point * values.size());
            return values.get(Math.max(0, Math.min(values.size() - 1, place)));
        }

        @Override
        public double start() {
            return (begin + 0.5) / values.size();
        }

        @Override
        public OptionalLong count() {
            return OptionalLong.of(values.size());
        }

        @Override
        public String words() {
            return "one of " + String.join(", ", values);
        }
    }

    /** Between values and points. */
    final class Scale {
        private Scale() {}

        static double value(double point, double low, double high, boolean log) {
            double part = Math.max(0, Math.min(1, point));
            return log ? low * Math.pow(high / low, part) : low + (high - low) * part;
        }

        static double point(double value, double low, double high, boolean log) {
            return log
                    ? Math.log(value / low) / Math.log(high / low)
                    : (value - low) / (high - low);
        }
    }
}
