package io.amalgam.internal.formats.quantised;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A model's stored tensors while its dense ones are put together. */
final class QuantisedTensors {
    private final Map<String, ? extends TensorSource> stored;
    private final Set<String> used = new LinkedHashSet<>();
    private final Set<String> labels = new LinkedHashSet<>();
    private final Slabs model = new Slabs();
    private long tileBytes;
    private long slabBytes;
    private final DType type;
    private final List<Problem> problems;
    private final List<String> warnings;

    /**
     * @param type of the dense tensors
     */
    QuantisedTensors(
            Map<String, ? extends TensorSource> stored,
            DType type,
            List<Problem> problems,
            List<String> warnings) {
        this.stored = stored;
        this.type = type;
        this.problems = problems;
        this.warnings = warnings;
    }

    /** A stored tensor; empty if there is none of this name in one piece. */
    Optional<StoredTensor> find(String name) {
        TensorSource source = stored.get(name);
        return source == null ? Optional.empty() : source.stored();
    }

    boolean has(String name) {
        return stored.containsKey(name);
    }

    /** A stored tensor that belongs to another's codes; reported if it is missing. */
    Optional<StoredTensor> companion(String name, StoredTensor codes) {
        Optional<StoredTensor> found = find(name);
        if (found.isEmpty()) {
            problems.add(
                    Problem.expected(
                                    "quantised tensor '" + codes.info().name() + "'",
                                    "a tensor '" + name + "' beside it",
                                    "none")
                            .hint("the checkpoint is incomplete: download it again"));
            // Said once: the codes themselves lack nothing else.
            used.add(codes.info().name());
        }
        found.ifPresent(tensor -> used.add(name));
        return found;
    }

    /** As {@link #companion}, of one that may be missing. */
    Optional<StoredTensor> companionIfAny(String name) {
        Optional<StoredTensor> found = find(name);
        found.ifPresent(tensor -> used.add(name));
        return found;
    }

    /** The tensors that belong to codes, of those that were found after so many. */
    List<StoredTensor> usedSince(int before) {
        return used.stream().skip(before).map(this::find).flatMap(Optional::stream).toList();
    }

    int usedSoFar() {
        return used.size();
    }

    /** Whether a tensor belongs to another's codes. */
    boolean isUsed(String name) {
        return used.contains(name);
    }

    /** The dense tensor: its name, and the type the model computes in. */
    TensorInfo dense(String name, long... dims) {
        return new TensorInfo(name, type, Shape.of(dims));
    }

    /** What readers keep tiles of the model by, and share. */
    Slabs model() {
        return model;
    }

    /** Notes that readers keep a tile of a tensor. */
    TensorSource tiled(TileTensor tensor) {
        tileBytes = Math.max(tileBytes, tensor.tileBytes());
        slabBytes = Math.max(slabBytes, tensor.slabBytes());
        return tensor;
    }

    /** The most that a reader keeps of a tensor. */
    long tileBytes() {
        return tileBytes;
    }

    /** The most that all readers together keep of a model. */
    long slabBytes() {
        return slabBytes;
    }

    /** Notes how some of the weights are quantised, for people. */
    void label(String label) {
        labels.add(label);
    }

    Set<String> labels() {
        return labels;
    }

    /** Something to be known of the model; said once. */
    void warn(String warning) {
        if (!warnings.contains(warning)) {
            warnings.add(warning);
        }
    }

    /** Adds a dense tensor; reported if one of its name is stored too. */
    void putDense(Map<String, TensorSource> all, TensorSource dense) {
        String name = dense.info().name();
        if (all.put(name, dense) != null) {
            problems.add(
                    Problem.of("tensor '" + name + "' is there twice, quantised and not")
                            .hint("files of different models are mixed: download it again"));
        }
    }

    /** Adds a tensor that is no part of a quantised one; reported if it can only be that. */
    void putStored(
            Map<String, TensorSource> all, String name, TensorSource source, FormatChoice choice) {
        if (choice.isCompanion(name)) {
            problems.add(
                    Problem.expected(
                                    "tensor '" + name + "'",
                                    "a quantised weight that it belongs to",
                                    "none")
                            .hint("the checkpoint is incomplete: download it again"));
            return;
        }
        if (all.put(name, source) != null) {
            problems.add(
                    Problem.of("tensor '" + name + "' is there twice, quantised and not")
                            .hint("files of different models are mixed: download it again"));
        }
    }

    /** A shape or type that does not fit its codes. */
    <T> Optional<T> unfit(StoredTensor tensor, String expected, StoredTensor codes) {
        problems.add(
                Problem.expected(
                                "tensor '" + tensor.info().name() + "'",
                                expected
                                        + " for '"
                                        + codes.info().name()
                                        + "' of "
                                        + codes.info().dtype()
                                        + " "
                                        + codes.info().shape(),
                                tensor.info().dtype() + " " + tensor.info().shape())
                        .hint("the checkpoint is damaged or its settings are another model's"));
        return Optional.empty();
    }
}
