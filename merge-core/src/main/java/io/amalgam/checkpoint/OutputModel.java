package io.amalgam.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.tensor.TensorInfo;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A model that is to be written, as a format sees it before it lays out any file.
 *
 * @param tensors in the order they are written
 * @param config the configuration with its changes; empty where there is none
 * @param tokenizer the folder of its tokenizer; empty where there is none
 */
public record OutputModel(
        List<TensorInfo> tensors, Optional<ObjectNode> config, Optional<Path> tokenizer) {
    public OutputModel {
        tensors = List.copyOf(tensors);
    }

    /** Tensors alone. */
    public static OutputModel of(List<TensorInfo> tensors) {
        return new OutputModel(tensors, Optional.empty(), Optional.empty());
    }
}
