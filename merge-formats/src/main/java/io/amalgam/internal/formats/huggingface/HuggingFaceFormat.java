package io.amalgam.internal.formats.huggingface;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.CheckpointFormat;
import io.amalgam.internal.formats.files.FileKinds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Model directories. Weights are those of {@code model.safetensors.index.json} where there is one,
 * even if there is a {@code model.safetensors} too; else those of {@code model.safetensors}; else
 * those of PyTorch's and then diffusers' names, and of a variant such as {@code fp16} last: see
 * {@link io.amalgam.internal.formats.files.WeightName}. Modules that {@code modules.json} lists are
 * parts of the model, with weights found likewise in their folders: see {@link
 * io.amalgam.checkpoint.ModuleFolders}. Problems of index, shards and config are reported together.
 */
public final class HuggingFaceFormat implements CheckpointFormat {
    @Override
    public String name() {
        return "huggingface";
    }

    /** Any directory: {@link #open} says what one without weights lacks. */
    @Override
    public Match match(Path path) {
        return Files.isDirectory(path) ? Match.POSSIBLE : Match.NONE;
    }

    @Override
    public Checkpoint open(Path path, String name) throws IOException {
        FileKinds.requireDirectory(path);
        return HuggingFaceCheckpoint.open(path, name);
    }
}
