package io.amalgam.internal.formats.pytorch;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.CheckpointFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A bare file of {@code torch.save}: {@code .bin}, {@code .pt} or {@code .pth}. Read only. */
public final class PyTorchFormat implements CheckpointFormat {
    private static final List<String> ENDINGS = List.of(".bin", ".pt", ".pth");

    @Override
    public String name() {
        return "pytorch";
    }

    @Override
    public Match match(Path path) {
        return ENDINGS.stream().anyMatch(path.toString()::endsWith) && Files.isRegularFile(path)
                ? Match.BY_NAME
                : Match.NONE;
    }

    @Override
    public Checkpoint open(Path path, String name) throws IOException {
        return PyTorchFile.open(path, name);
    }
}
