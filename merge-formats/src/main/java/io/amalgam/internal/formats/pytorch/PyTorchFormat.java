package io.amalgam.internal.formats.pytorch;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.CheckpointFormat;
import io.amalgam.checkpoint.OutputLayout;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A bare file of {@code torch.save}: {@code .bin}, {@code .pt} or {@code .pth}. Read only. */
public final class PyTorchFormat implements CheckpointFormat {
    private static final List<String> ENDINGS = List.of(".bin", ".pt", ".pth");

    @Override
    public String name() {
        return "pytorch";
    }

    @Override
    public boolean canOpen(Path path) {
        return ENDINGS.stream().anyMatch(path.toString()::endsWith) && Files.isRegularFile(path);
    }

    @Override
    public Checkpoint open(Path path, String name) throws IOException {
        return PyTorchFile.open(path, name);
    }

    /** Nothing: what a merge writes is safetensors. */
    @Override
    public Optional<OutputLayout> layout(List<TensorInfo> tensors, LayoutOptions options) {
        return Optional.empty();
    }
}
