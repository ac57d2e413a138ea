package io.amalgam.method;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.recipe.ParameterValue.Scalar;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * A parameter of a merge method.
 *
 * @param name as written in recipes
 * @param scope one value per model, or one for all
 * @param kind the type of its values
 * @param defaultValue Double, Boolean or String; empty where the parameter is required or "unset"
 *     has a meaning
 * @param required whether a recipe must set it
 * @param forBase whether the base model has this per-model parameter too
 * @param range of allowed numbers; empty if any finite number is allowed
 * @param meaning one line for {@code amalgam methods}
 * @param condition without which it has no effect; empty if it always has one
 */
public record ParameterSpec(
        String name,
        Scope scope,
        Kind kind,
        Optional<Object> defaultValue,
        boolean required,
        boolean forBase,
        Optional<Range> range,
        String meaning,
        Optional<Condition> condition) {

    /** A parameter that always has an effect. */
    public ParameterSpec(
            String name,
            Scope scope,
            Kind kind,
            Optional<Object> defaultValue,
            boolean required,
            boolean forBase,
            Optional<Range> range,
            String meaning) {
        this(name, scope, kind, defaultValue, required, forBase, range, meaning, Optional.empty());
    }

    /** The value that a shared parameter of the same method must have. */
    public record Condition(String parameter, String value) {
        @Override
        public String toString() {
            return parameter + ": " + value;
        }
    }

    /**
     * Numbers from {@code min} to {@code max}, both included.
     *
     * @param max infinite if there is no limit
     * @param hint for messages about other values
     */
    public record Range(double min, double max, String hint) {
        boolean holds(double value) {
            return min <= value && value <= max;
        }

        /** Of a share, that it may have been meant as a percentage. */
        String hintFor(double value) {
            boolean percentage = min == 0 && max == 1 && value > 1 && value <= 100;
            return percentage
                    ? hint + "; %s %% is written %s".formatted(plain(value), plain(value / 100))
                    : hint;
        }

        @Override
        public String toString() {
            return plain(min) + (max == Double.POSITIVE_INFINITY ? " on" : " to " + plain(max));
        }
    }

    /** The scope of a parameter. */
    public enum Scope {
        /** Each model may have its own. */
        PER_MODEL,
        /** One for all models. */
        SHARED
    }

    /** The type of a parameter's values. */
    public enum Kind {
        /** A finite number. */
        NUMBER,
        /** A whole number. */
        INTEGER,
        /** {@code true} or {@code false}. */
        BOOLEAN,
        /** {@code true}, {@code false}, or one of a method's own words, given as text. */
        TEXT,
        /**
         * Words as they are written, a number among them, or a list of such in brackets, joined by
         * commas: names, whose case counts.
         */
        WORDS
    }

    /** A number without a default. */
    public static ParameterSpec required(
            String name, Scope scope, boolean forBase, String meaning) {
        return new ParameterSpec(
                name,
                scope,
                Kind.NUMBER,
                Optional.empty(),
                true,
                forBase,
                Optional.empty(),
                meaning);
    }

    /** A number with a default. */
    public static ParameterSpec number(
            String name, Scope scope, double defaultValue, String meaning) {
        return new ParameterSpec(
                name,
                scope,
                Kind.NUMBER,
                Optional.of(defaultValue),
                false,
                false,
                Optional.empty(),
                meaning);
    }

    /** A shared whole number. */
    public static ParameterSpec integer(String name, long defaultValue, String meaning) {
        return integer(name, Scope.SHARED, defaultValue, meaning);
    }

    /** A whole number. */
    public static ParameterSpec integer(
            String name, Scope scope, long defaultValue, String meaning) {
        return new ParameterSpec(
                name,
                scope,
                Kind.INTEGER,
                Optional.of((double) defaultValue),
                false,
                false,
                Optional.empty(),
                meaning);
    }

    /** A boolean with a default, the same for all models. */
    public static ParameterSpec flag(String name, boolean defaultValue, String meaning) {
        return new ParameterSpec(
                name,
                Scope.SHARED,
                Kind.BOOLEAN,
                Optional.of(defaultValue),
                false,
                false,
                Optional.empty(),
                meaning);
    }

    /** A text with a default, the same for all models. */
    public static ParameterSpec text(String name, String defaultValue, String meaning) {
        return new ParameterSpec(
                name,
                Scope.SHARED,
                Kind.TEXT,
                Optional.of(defaultValue),
                false,
                false,
                Optional.empty(),
                meaning);
    }

    /** Shared words, or a list of them, which may be left unset. */
    public static ParameterSpec words(String name, Optional<Object> defaultValue, String meaning) {
        return new ParameterSpec(
                name,
                Scope.SHARED,
                Kind.WORDS,
                defaultValue,
                false,
                false,
                Optional.empty(),
                meaning);
    }

    /** A number that may be left unset. */
    public static ParameterSpec optional(
            String name, Scope scope, boolean forBase, String meaning) {
        return new ParameterSpec(
                name,
                scope,
                Kind.NUMBER,
                Optional.empty(),
                false,
                forBase,
                Optional.empty(),
                meaning);
    }

    /** The same parameter, whose numbers must be from {@code min} to {@code max}. */
    public ParameterSpec within(double min, double max, String hint) {
        return new ParameterSpec(
                name,
                scope,
                kind,
                defaultValue,
                required,
                forBase,
                Optional.of(new Range(min, max, hint)),
                meaning,
                condition);
    }

    /** The same parameter, which is only read where another one has a certain value. */
    public ParameterSpec onlyWith(String parameter, String value) {
        return new ParameterSpec(
                name,
                scope,
                kind,
                defaultValue,
                required,
                forBase,
                range,
                meaning,
                Optional.of(new Condition(parameter, value)));
    }

    /** The same parameter, whose numbers must be {@code min} or more. */
    public ParameterSpec atLeast(double min, String hint) {
        return within(min, Double.POSITIVE_INFINITY, hint);
    }

    /**
     * Converts a value from a recipe to the parameter's type: Double, Boolean or String. Numbers
     * may be text, booleans 0 and 1.
     *
     * @throws BadInputException if the value has another type or is out of range
     */
    public static Object coerce(ParameterSpec spec, Object value) {
        Optional<Object> coerced =
                switch (spec.kind()) {
                    case NUMBER -> number(value).map(n -> n);
                    case INTEGER -> number(value).filter(n -> n == Math.rint(n)).map(n -> n);
                    case BOOLEAN -> truth(value).map(b -> b);
                    case TEXT -> Optional.of(word(value));
                    case WORDS -> Optional.of(value.toString().strip());
                };
        String expected =
                switch (spec.kind()) {
                    case NUMBER -> "a finite number";
                    case INTEGER -> "a whole number";
                    default -> "true or false";
                };
        Object result =
                coerced.orElseThrow(
                        () ->
                                new BadInputException(
                                        Problem.expected(
                                                "parameter '" + spec.name() + "'",
                                                expected,
                                                "'" + value + "'")));
        if (result instanceof Double number) {
            spec.range().ifPresent(range -> require(spec.name(), range, number));
        }
        return result;
    }

    private static void require(String name, Range range, double number) {
        if (!range.holds(number)) {
            throw new BadInputException(
                    Problem.expected(
                                    "parameter '" + name + "'",
                                    "a number from " + range,
                                    plain(number))
                            .hint(range.hintFor(number)));
        }
    }

    /** 50 and not 50.0, 0.3 and not 0.29999999999999998. */
    private static String plain(double number) {
        if (Math.abs(number) >= 1e15 || (number != 0 && Math.abs(number) < 1e-6)) {
            return Double.toString(number);
        }
        return new BigDecimal(number)
                .round(new MathContext(15))
                .stripTrailingZeros()
                .toPlainString();
    }

    private static Optional<Double> number(Object value) {
        OptionalDouble number = Scalar.number(value);
        return number.isPresent() && Double.isFinite(number.getAsDouble())
                ? Optional.of(number.getAsDouble())
                : Optional.empty();
    }

    private static Optional<Boolean> truth(Object value) {
        String text = value.toString().strip().toLowerCase(Locale.ROOT);
        if (text.equals("true") || text.equals("false")) {
            return Optional.of(text.equals("true"));
        }
        return number(value).filter(n -> n == 0 || n == 1).map(n -> n == 1);
    }

    private static String word(Object value) {
        String text = value.toString().strip().toLowerCase(Locale.ROOT);
        return value instanceof Number ? truth(value).map(Object::toString).orElse(text) : text;
    }
}
