package io.amalgam.recipe;

import java.util.Optional;

/**
 * What a recipe gives for a parameter: one value, values along the layers, or values by tensor
 * name. The types parameters should have are the merge method's business, so values keep the type
 * they were written with.
 */
public sealed interface ParameterValue permits Scalar, Gradient, Filtered {
    /**
     * The value for one tensor.
     *
     * @param tensorName what filters are compared with
     * @param t position of the tensor's layer in its slice, from 0 to 1
     * @return a Double, Long, Boolean or String; empty if nothing is set for this tensor
     * @throws IllegalArgumentException if {@code t} is not in [0, 1]
     */
    Optional<Object> evaluate(String tensorName, double t);

    Location location();

    static ParameterValue of(double value) {
        return new Scalar(value, Location.NONE);
    }

    static ParameterValue of(boolean value) {
        return new Scalar(value, Location.NONE);
    }

    static ParameterValue of(String value) {
        return new Scalar(value, Location.NONE);
    }
}
