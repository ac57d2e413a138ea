package io.amalgam.recipe;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Values spread evenly from the first layer of a slice to its last.
 *
 * <p>Numbers, and strings that are numbers, are interpolated linearly in double precision. If any
 * element is something else, the element at or before the position is taken as it is. An empty list
 * sets nothing.
 *
 * @param values each Double, Long, Boolean or String
 */
public record Gradient(List<Object> values, Location location) implements ParameterValue {
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
