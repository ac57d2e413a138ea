package io.amalgam.internal.lora.apply;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.layers.Conv1d;
import io.amalgam.tensor.Shape;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Whether a base stores a matrix as {@code in x out}, as GPT-2's {@code Conv1D} does, whatever an
 * adapter's settings say. A matrix that is not square shows it by its shape. For a square one,
 * others of its kind tell, whose biases are as long as their outputs; then the model's type.
 */
final class Orientation {
    private final Map<String, Optional<Boolean>> votes = new HashMap<>();
    private final boolean typed;
    private final boolean family;

    Orientation(Checkpoint base) {
        Map<String, ? extends TensorSource> tensors = base.tensors();
        tensors.forEach(
                (name, tensor) -> {
                    Shape shape = tensor.info().shape();
                    TensorSource bias = tensors.get(name.replaceFirst("\\.weight$", ".bias"));
                    if (name.endsWith(".weight") && shape.rank() == 2 && bias != null) {
                        vote(name, shape.dim(0), shape.dim(1), bias.info().elements());
                    }
                });
        this.typed = !base.facts().type().isEmpty();
        this.family = Conv1d.isFamily(base.facts());
    }

    private void vote(String name, long rows, long cols, long bias) {
        if (rows == cols || (bias != rows && bias != cols)) {
            return;
        }
        boolean flipped = bias == cols;
        for (String kind : new String[] {kind(name), module(name)}) {
            votes.merge(kind, Optional.of(flipped), (a, b) -> a.equals(b) ? a : Optional.empty());
        }
    }

    /** The name with every number the same. */
    private static String kind(String name) {
        return name.replaceAll("\\d+", "#");
    }

    /** What the module itself is called. */
    private static String module(String name) {
        String path = name.replaceFirst("\\.weight$", "");
        return path.substring(path.lastIndexOf('.') + 1);
    }

    /**
     * Whether a matrix lies {@code in x out}; empty where nothing tells, or it does not fit.
     *
     * @param in and {@code out}, of the change
     */
    Optional<Boolean> flipped(String tensor, Shape shape, long in, long out) {
        if (shape.rank() != 2) {
            return Optional.of(false);
        }
        boolean plain = shape.dim(0) == out && shape.dim(1) == in;
        boolean turned = shape.dim(0) == in && shape.dim(1) == out;
        if (plain != turned) {
            return Optional.of(turned);
        }
        if (!plain) {
            return Optional.empty();
        }
        for (String kind : new String[] {kind(tensor), module(tensor)}) {
            Optional<Boolean> vote = votes.getOrDefault(kind, Optional.empty());
            if (vote.isPresent()) {
                return vote;
            }
        }
        if (family) {
            return Optional.of(Conv1d.isNamed(tensor));
        }
        boolean seen = votes.values().stream().anyMatch(v -> v.orElse(false));
        return typed && !seen ? Optional.of(false) : Optional.empty();
    }
}
