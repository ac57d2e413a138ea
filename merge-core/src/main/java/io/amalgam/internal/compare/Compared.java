package io.amalgam.internal.compare;

import io.amalgam.checkpoint.Checkpoint;
import java.util.Objects;

/**
 * A model that is compared.
 *
 * @param name what the user calls it
 * @param model open, and closed by the caller
 */
public record Compared(String name, Checkpoint model) {
    public Compared {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(model, "model");
    }
}
