package io.amalgam;

import io.amalgam.recipe.Location;
import io.amalgam.recipe.ParameterValue;
import io.amalgam.recipe.ParameterValue.Filtered;
import io.amalgam.recipe.ParameterValue.Gradient;
import io.amalgam.recipe.ParameterValue.Scalar;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * A parameter with a value, like {@code name: value} in a recipe. The methods named after common
 * parameters are meant for static import; {@link #of} makes any other.
 *
 * @param name of the parameter; {@code amalgam methods} lists them
 * @param value a number, boolean or text; a gradient over the layers; or values by tensor name
 */
public record Parameter(String name, ParameterValue value) {
    public Parameter {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(value, "value");
    }

    /**
     * A number, boolean or text.
     *
     * @throws IllegalArgumentException if it is anything else
     */
    public static Parameter of(String name, Object value) {
        return new Parameter(name, scalar(Objects.requireNonNull(value, "value")));
    }

    /** A gradient: numbers from the first layer of a slice to the last, interpolated in float64. */
    public static Parameter gradient(String name, double... values) {
        return new Parameter(name, numbers(values));
    }

    /**
     * Values by tensor name; the first matching entry is used.
     *
     * @param entries made by {@link #where} and {@link #otherwise}
     */
    public static Parameter filtered(String name, Filtered.Entry... entries) {
        return new Parameter(name, new Filtered(List.of(entries), Location.NONE));
    }

    /**
     * The value for tensors whose names contain a text: one number, or a gradient over the layers.
     *
     * @param filter a substring of the name, case-sensitive, not a pattern
     */
    public static Filtered.Entry where(String filter, double... values) {
        return new Filtered.Entry(
                Optional.of(Objects.requireNonNull(filter, "filter")),
                number(values),
                Location.NONE);
    }

    /** The value for all other tensors. */
    public static Filtered.Entry otherwise(double... values) {
        return new Filtered.Entry(Optional.empty(), number(values), Location.NONE);
    }

    /** The weight of a model, or of its difference from the base; several values are a gradient. */
    public static Parameter weight(double... values) {
        return new Parameter("weight", number(values));
    }

    /** The share of a difference's elements to keep, 0 to 1; several values are a gradient. */
    public static Parameter density(double... values) {
        return new Parameter("density", number(values));
    }

    /**
     * The position between two models, 0 at the base, 1 at the other; several values are a
     * gradient.
     */
    public static Parameter t(double... values) {
        return new Parameter("t", number(values));
    }

    /** A factor on the sum of differences; several values are a gradient. */
    public static Parameter lambda(double... values) {
        return new Parameter("lambda", number(values));
    }

    /** A factor on a tensor; several values are a gradient. */
    public static Parameter scale(double... values) {
        return new Parameter("scale", number(values));
    }

    /** Whether weights are divided by their sum. */
    public static Parameter normalize(boolean value) {
        return of("normalize", value);
    }

    private static ParameterValue number(double... values) {
        return values.length == 1 ? ParameterValue.of(values[0]) : numbers(values);
    }

    private static Gradient numbers(double... values) {
        if (values.length == 0) {
            throw new IllegalArgumentException("a parameter needs a value");
        }
        List<Object> all = new ArrayList<>();
        Arrays.stream(values).forEach(all::add);
        return new Gradient(all, Location.NONE);
    }

    private static ParameterValue scalar(Object value) {
        if (value instanceof Number number) {
            return ParameterValue.of(number.doubleValue());
        }
        return new Scalar(value, Location.NONE);
    }
}
