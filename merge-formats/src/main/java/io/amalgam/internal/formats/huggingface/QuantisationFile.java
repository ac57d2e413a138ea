package io.amalgam.internal.formats.huggingface;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.internal.config.ConfigSections;
import io.amalgam.internal.formats.quantised.QuantisationSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Where a model directory says how it is quantised. */
final class QuantisationFile {
    private static final List<String> KEYS =
            List.of("quantization_config", "compression_config", "quantization");

    /** Files that say it where {@code config.json} does not. */
    private static final List<String> FILES =
            List.of("hf_quant_config.json", "quantize_config.json", "quant_config.json");

    private QuantisationFile() {}

    /** The settings; empty if there are none. */
    static Optional<QuantisationSettings> settings(Path folder, Optional<ObjectNode> config)
            throws IOException {
        for (ObjectNode section : config.map(ConfigSections::of).orElse(List.of())) {
            for (String key : KEYS) {
                if (section.get(key) instanceof ObjectNode found) {
                    return Optional.of(
                            new QuantisationSettings(found, "'" + key + "' in config.json"));
                }
            }
        }
        for (String name : FILES) {
            Path file = folder.resolve(name);
            if (Files.isRegularFile(file)) {
                return Optional.of(new QuantisationSettings(JsonFiles.readObject(file), name));
            }
        }
        return Optional.empty();
    }

    /** Takes the settings out of the configuration of a model that is read as if it had none. */
    static void removeFrom(ObjectNode config) {
        ConfigSections.of(config).forEach(section -> section.remove(KEYS));
    }
}
