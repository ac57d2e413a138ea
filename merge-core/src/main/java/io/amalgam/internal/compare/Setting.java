package io.amalgam.internal.compare;

import java.util.List;
import java.util.Optional;

/**
 * A key of config.json, or a file, that is not the same in all models.
 *
 * @param name the key with dots between levels, or the file's name
 * @param values in the reference and each model; empty where one has none
 */
public record Setting(String name, List<Optional<String>> values) {
    public Setting {
        values = List.copyOf(values);
    }
}
