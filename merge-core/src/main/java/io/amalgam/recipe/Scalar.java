package io.amalgam.recipe;

import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Pattern;

/**
 * One value for all tensors.
 *
 * @param value Double, Long, Boolean or String
 */
public record Scalar(Object value, Location location) implements ParameterValue {
    /** Underscores between digits, and a point or an exponent alone, as in Python and YAML. */
    private static final Pattern NUMBER =
            Pattern.compile(
                    "[-+]?(?:D(?:\\.D?)?|\\.D)(?:[eE][-+]?D)?"
                            .replace("D", "(?:[0-9]+(?:_[0-9]+)*)"));

    /** Longer strings are no numbers; also keeps the pattern from recursing deeply. */
    private static final int LONGEST_NUMBER = 100;

    public Scalar {
        requireScalar(value);
        Objects.requireNonNull(location, "location");
    }

    static void requireScalar(Object value) {
        boolean known =
                value instanceof Double
                        || value instanceof Long
                        || value instanceof Boolean
                        || value instanceof String;
        if (!known) {
            throw new IllegalArgumentException("not a parameter value: " + value);
        }
    }

    @Override
    public Optional<Object> evaluate(String tensorName, double t) {
        Gradient.requirePosition(t);
        return Optional.of(value);
    }

    /**
     * The number that a Double, a Long or a numeric string such as {@code 1e-5} stands for; empty
     * for booleans, other strings, and strings whose number does not fit a double.
     */
    public static OptionalDouble number(Object value) {
        if (value instanceof Number number) {
            return OptionalDouble.of(number.doubleValue());
        }
        if (!(value instanceof String string)) {
            return OptionalDouble.empty();
        }
        String text = string.strip();
        if (text.length() > LONGEST_NUMBER || !NUMBER.matcher(text).matches()) {
            return OptionalDouble.empty();
        }
        double number = Double.parseDouble(text.replace("_", ""));
        return Double.isFinite(number) ? OptionalDouble.of(number) : OptionalDouble.empty();
    }
}
