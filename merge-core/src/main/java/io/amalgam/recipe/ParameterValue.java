package io.amalgam.recipe;

import io.amalgam.recipe.ParameterValue.Gradient;
import io.amalgam.recipe.ParameterValue.Scalar;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.regex.Pattern;

/**
 * The value of a parameter in a recipe: one value, a gradient over the layers, or values by tensor
 * name. Values keep the type they were written with; the merge method checks types. Immutable.
 */
public sealed interface ParameterValue {
    /**
     * The value for one tensor.
     *
     * @param tensorName to compare filters with
     * @param t position of the tensor's layer in its slice, from 0 to 1
     * @return a Double, Long, Boolean or String; empty if nothing is set for this tensor
     * @throws IllegalArgumentException if {@code t} is not in [0, 1]
     */
    Optional<Object> evaluate(String tensorName, double t);

    /** Where it is written. */
    Location location();

    /** A number without a location. */
    static ParameterValue of(double value) {
        return new Scalar(value, Location.NONE);
    }

    /** A boolean without a location. */
    static ParameterValue of(boolean value) {
        return new Scalar(value, Location.NONE);
    }

    /** A text without a location. */
    static ParameterValue of(String value) {
        return new Scalar(value, Location.NONE);
    }

    /**
     * One value for all tensors.
     *
     * @param value Double, Long, Boolean or String
     */
    record Scalar(Object value, Location location) implements ParameterValue {
        /** As in Python and YAML: underscores between digits, and a point or an exponent alone. */
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
         * The value of a Double, a Long or a numeric string such as {@code 1e-5}; empty for
         * booleans, other strings, and numbers that do not fit a double.
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

    /**
     * Values spread evenly from the first layer of a slice to its last.
     *
     * <p>Numbers, and strings that are numbers, are interpolated linearly in double precision. If
     * any element is something else, the element at or before the position is taken as it is. An
     * empty list sets nothing.
     *
     * @param values each Double, Long, Boolean or String
     */
    record Gradient(List<Object> values, Location location) implements ParameterValue {
        public Gradient {
            values = List.copyOf(values);
            values.forEach(Scalar::requireScalar);
            Objects.requireNonNull(location, "location");
        }

        @Override
        public Optional<Object> evaluate(String tensorName, double t) {
            requirePosition(t);
            if (values.isEmpty()) {
                return Optional.empty();
            }
            double place = t * (values.size() - 1);
            int left = (int) place;
            if (!values.stream().allMatch(value -> Scalar.number(value).isPresent())) {
                return Optional.of(values.get(left));
            }
            int right = Math.min(values.size() - 1, left + 1);
            double share = place - left;
            double from = Scalar.number(values.get(left)).getAsDouble();
            double to = Scalar.number(values.get(right)).getAsDouble();
            return Optional.of((1 - share) * from + share * to);
        }

        static void requirePosition(double t) {
            if (!(t >= 0 && t <= 1)) {
                throw new IllegalArgumentException("position must be in [0, 1]: " + t);
            }
        }
    }

    /**
     * Values by tensor name: the first entry whose filter matches is used; if none matches, no
     * value is set.
     */
    record Filtered(List<Entry> entries, Location location) implements ParameterValue {
        public Filtered {
            entries = List.copyOf(entries);
            Objects.requireNonNull(location, "location");
        }

        /**
         * @param filter a substring of the tensor's name, case-sensitive, not a pattern; {@code *}
         *     or none matches every name
         * @param value a {@link Scalar} or a {@link Gradient}
         */
        public record Entry(Optional<String> filter, ParameterValue value, Location location) {
            public Entry {
                Objects.requireNonNull(filter, "filter");
                Objects.requireNonNull(location, "location");
                if (value instanceof Filtered) {
                    throw new IllegalArgumentException("filters cannot be nested");
                }
            }

            /** Whether its filter excludes any name. */
            public boolean isFiltered() {
                return filter.isPresent() && !filter.get().equals("*");
            }

            /** Whether its filter matches this name. */
            public boolean fits(String tensorName) {
                return !isFiltered() || tensorName.contains(filter.orElseThrow());
            }
        }

        @Override
        public Optional<Object> evaluate(String tensorName, double t) {
            Gradient.requirePosition(t);
            for (Entry entry : entries) {
                if (entry.fits(tensorName)) {
                    return entry.value().evaluate(tensorName, t);
                }
            }
            return Optional.empty();
        }
    }
}
