package io.amalgam.recipe;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** The parameters at one level of a recipe, in order. Immutable; equal if names and values are. */
public final class Parameters {
    /** No parameters. */
    public static final Parameters EMPTY = new Parameters(Map.of(), Map.of());

    private final Map<String, ParameterValue> values;
    private final Map<String, Location> locations;

    private Parameters(Map<String, ParameterValue> values, Map<String, Location> locations) {
        this.values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
        this.locations = Map.copyOf(locations);
    }

    /** Parameters with locations of values only. */
    public static Parameters of(Map<String, ParameterValue> values) {
        return of(values, Map.of());
    }

    /**
     * @param locations of the names; a name without one has the location of its value
     */
    public static Parameters of(
            Map<String, ParameterValue> values, Map<String, Location> locations) {
        values.forEach(
                (name, value) -> {
                    Objects.requireNonNull(name, "name");
                    Objects.requireNonNull(value, name);
                });
        return values.isEmpty() ? EMPTY : new Parameters(values, locations);
    }

    /** The value of a parameter, if it is given. */
    public Optional<ParameterValue> get(String name) {
        return Optional.ofNullable(values.get(name));
    }

    /** Names of the parameters, in the order given. */
    public List<String> names() {
        return List.copyOf(values.keySet());
    }

    /** Whether no parameter is given. */
    public boolean isEmpty() {
        return values.isEmpty();
    }

    /** The location of a name; {@link Location#NONE} if it is absent. */
    public Location location(String name) {
        Location written = locations.get(name);
        return written != null
                ? written
                : get(name).map(ParameterValue::location).orElse(Location.NONE);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Parameters parameters && values.equals(parameters.values);
    }

    @Override
    public int hashCode() {
        return values.hashCode();
    }

    @Override
    public String toString() {
        return values.toString();
    }
}
