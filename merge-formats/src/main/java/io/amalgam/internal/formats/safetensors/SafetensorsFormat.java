package io.amalgam.internal.formats.safetensors;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.CheckpointFormat;
import io.amalgam.formats.safetensors.SafetensorsFile;
import io.amalgam.internal.formats.quantised.QuantisedFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A bare {@code .safetensors} file: a model without configuration. */
public final class SafetensorsFormat implements CheckpointFormat {
    @Override
    public String name() {
        return "safetensors";
    }

    @Override
    public Match match(Path path) {
        return path.toString().endsWith(".safetensors") && Files.isRegularFile(path)
                ? Match.BY_NAME
                : Match.NONE;
    }

    @Override
    public Checkpoint open(Path path, String name) throws IOException {
        return QuantisedFile.over(SafetensorsFile.open(path, name), name);
    }
}
