package io.amalgam;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.engine.MergeCancelledException;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Opens checkpoints as ND4J arrays, and writes arrays as checkpoints:
 *
 * <pre>{@code
 * try (OpenModel model = Checkpoints.open(Path.of("models/base"))) {
 *     INDArray weight = model.tensor("fc1.weight");
 * }
 * }</pre>
 *
 * <p>Stateless and thread-safe.
 */
public final class Checkpoints {
    private Checkpoints() {}

    /**
     * Opens a model directory or a single weights file. Reads and checks headers; tensors are read
     * on demand.
     *
     * @throws io.amalgam.error.BadInputException if it is not a checkpoint
     * @throws MergeCancelledException if the thread is interrupted
     */
    public static OpenModel open(Path path) throws IOException {
        Objects.requireNonNull(path, "path");
        try {
            Checkpoint checkpoint = ModelLoader.load().open(path, path.toString());
            return new OpenModel(checkpoint);
        } catch (ClosedByInterruptException e) {
            throw MergeCancelledException.byInterrupt(e);
        }
    }

    /**
     * Writes arrays to a single weights file if the path ends in {@code .safetensors}, else to a
     * model directory without configuration. Every array is written in its own type and shape,
     * row-major; FLOAT as F32, HALF as F16, BFLOAT16 as BF16, LONG as I64 and so on.
     *
     * @param tensors by name, in the order they are to be listed
     * @throws io.amalgam.error.BadInputException if something is there already, or a type has no
     *     stored counterpart
     * @throws IOException if writing fails; nothing that looks whole is left
     */
    public static void write(Map<String, INDArray> tensors, Path path) throws IOException {
        Objects.requireNonNull(tensors, "tensors");
        Objects.requireNonNull(path, "path");
        if (path.toString().endsWith(".safetensors")) {
            CheckpointWriter.file(tensors, path, Map.of());
        } else {
            CheckpointWriter.directory(tensors, path, Optional.empty());
        }
    }

    /**
     * As {@link #write(Map, Path)}, to a model directory, with {@code config.json}, tokenizer and
     * similar files copied from a donor.
     */
    public static void write(Map<String, INDArray> tensors, Path directory, OpenModel donor)
            throws IOException {
        Objects.requireNonNull(tensors, "tensors");
        Objects.requireNonNull(directory, "directory");
        CheckpointWriter.directory(
                tensors, directory, Optional.of(Objects.requireNonNull(donor, "donor")));
    }
}
