package io.amalgam.recipe;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Values by tensor name: the first entry whose filter fits is used; where none fits, nothing is
 * set.
 */
public record Filtered(List<Entry> entries, Location location) implements ParameterValue {
    public Filtered {
        entries = List.copyOf(entries);
        Objects.requireNonNull(location, "location");
    }

    /**
     * @param filter looked for anywhere in the tensor's name, case-sensitive, no pattern; {@code *}
     *     or none fits every name
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

        /** Whether it leaves any tensor out by its name. */
        public boolean isFiltered() {
            return filter.isPresent() && !filter.get().equals("*");
        }

        /** Whether its value is for a tensor of this name. */
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
