package io.amalgam;

import io.amalgam.checkpoint.Checkpoint;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Opens checkpoints as ND4J arrays:
 *
 * <pre>{@code
 * try (TensorFile model = Checkpoints.open(Path.of("models/base"))) {
 *     INDArray weight = model.tensor("fc1.weight");
 * }
 * }</pre>
 */
public final class Checkpoints {
    private Checkpoints() {}

    /**
     * Opens a model directory or a bare weights file. Headers are read and checked; tensors are
     * read when asked for.
     *
     * @throws io.amalgam.error.BadInputException if it is not a checkpoint
     */
    public static TensorFile open(Path path) throws IOException {
        Checkpoint checkpoint = Formats.load().open(path, path.toString());
        return new TensorFile(checkpoint);
    }
}
