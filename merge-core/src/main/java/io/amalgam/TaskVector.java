package io.amalgam;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.lora.extract.ExtractOptions;
import io.amalgam.internal.lora.taskvector.SparseExtraction;
import io.amalgam.internal.lora.taskvector.TaskVectorFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A task vector: {@code tuned - base} for every floating-point tensor, as FLOAT arrays. Task
 * vectors can be added, negated, scaled and applied to a base; every operation returns new arrays.
 * Holds all tensors in memory: for models that do not fit, use a recipe.
 *
 * <p>Ilharco et al. 2022, "Editing models with task arithmetic", <a
 * href="https://arxiv.org/abs/2212.04089">arXiv 2212.04089</a>.
 *
 * <p>Not changed by its operations, and so thread-safe as long as the arrays of {@link #deltas} are
 * not written to.
 */
public final class TaskVector {
    private final Map<String, INDArray> deltas;

    private TaskVector(Map<String, INDArray> deltas) {
        this.deltas = Collections.unmodifiableMap(deltas);
    }

    /**
     * The difference of two checkpoints. Integer and boolean tensors must be equal and are left
     * out, as are empty tensors.
     *
     * @throws BadInputException if tensors or shapes differ, or a tensor is of integers in one
     *     checkpoint only
     */
    public static TaskVector between(OpenModel base, OpenModel tuned) throws IOException {
        return between(base.tensors(), tuned.tensors());
    }

    /**
     * As {@link #between(OpenModel, OpenModel)}, for arrays in memory.
     *
     * @throws BadInputException as there
     */
    public static TaskVector between(Map<String, INDArray> base, Map<String, INDArray> tuned) {
        requireSameNames(base, tuned);
        Map<String, INDArray> deltas = new LinkedHashMap<>();
        base.forEach(
                (name, origin) -> {
                    INDArray other = Objects.requireNonNull(tuned.get(name));
                    requireSameShape(name, origin, other);
                    if (origin.dataType().isFPType() != other.dataType().isFPType()) {
                        throw otherType(name, origin.dataType(), other.dataType());
                    }
                    if (origin.isEmpty()) {
                        return;
                    }
                    if (origin.dataType().isFPType()) {
                        deltas.put(name, floats(other).sub(floats(origin)));
                    } else if (!origin.equals(other)) {
                        throw new BadInputException(
                                Problem.of(
                                        "integer tensor '"
                                                + name
                                                + "' differs between the checkpoints"));
                    }
                });
        return new TaskVector(deltas);
    }

    /**
     * Opens a task vector that {@link #write} or {@link #writeSparse} wrote.
     *
     * @throws BadInputException if the file is not a task vector
     */
    public static TaskVector open(Path file) throws IOException {
        try (OpenModel tensors = Checkpoints.open(file)) {
            if (!TaskVectorFile.is(tensors.checkpoint())) {
                throw new BadInputException(
                        Problem.expected(
                                        "file '" + file + "'",
                                        "a task vector",
                                        "weights of another kind")
                                .hint("make one with TaskVector.between(base, tuned)"));
            }
            Map<String, INDArray> deltas = new LinkedHashMap<>();
            Map<String, TensorSource> changes = TaskVectorFile.changes(tensors.checkpoint());
            for (Map.Entry<String, TensorSource> change : changes.entrySet()) {
                deltas.put(change.getKey(), OpenModel.read(change.getValue()));
            }
            return new TaskVector(deltas);
        }
    }

    /**
     * Writes the changes to a {@code .safetensors} file as F32, by tensor name, marked as a task
     * vector in the metadata.
     *
     * @throws BadInputException if the file exists or has another extension
     */
    public void write(Path file) throws IOException {
        requireName(file);
        CheckpointWriter.file(deltas, file, Map.of(TaskVectorFile.KEY, TaskVectorFile.DENSE));
    }

    private static void requireName(Path file) {
        if (!file.toString().endsWith(".safetensors")) {
            throw new BadInputException(
                    Problem.expected(
                            "file for a task vector",
                            "a name that ends in .safetensors",
                            "'" + file + "'"));
        }
    }

    /**
     * Writes the difference of two checkpoints to a {@code .safetensors} file as indices and
     * values, in fixed memory.
     *
     * @param share of each tensor's elements to keep, by magnitude of the change; 1 keeps all
     *     changed elements
     * @throws BadInputException if the checkpoints do not have the same tensors in the same shapes,
     *     the share is not above 0 and at most 1, the file is there, or its name ends otherwise
     */
    public static void writeSparse(OpenModel base, OpenModel tuned, Path file, double share)
            throws IOException {
        if (!(share > 0 && share <= 1)) {
            throw new BadInputException(
                    Problem.expected("share", "a number above 0 and at most 1", share));
        }
        requireNew(file);
        SparseExtraction.write(
                tuned.checkpoint(),
                base.checkpoint(),
                file,
                ExtractOptions.ofEnergy(1),
                share,
                ModelLoader.load().output("safetensors"),
                Runtime.getRuntime().availableProcessors());
    }

    private static void requireNew(Path file) {
        requireName(file);
        if (java.nio.file.Files.exists(file)) {
            throw new BadInputException(
                    Problem.expected("output '" + file + "'", "nothing there", "a file")
                            .hint("choose another name, or delete it first"));
        }
    }

    /** The changes as FLOAT arrays by tensor name. */
    public Map<String, INDArray> deltas() {
        return deltas;
    }

    /** The sum of two task vectors. */
    public TaskVector add(TaskVector other) {
        requireSameNames(deltas, other.deltas);
        return combine(other, INDArray::add);
    }

    /** The negated vector; applying it removes what was learnt. */
    public TaskVector negate() {
        return map(INDArray::neg);
    }

    /**
     * The vector times a factor.
     *
     * @throws BadInputException if the factor is not finite
     */
    public TaskVector scale(double factor) {
        if (!Double.isFinite(factor)) {
            throw new BadInputException(
                    Problem.expected("factor of a task vector", "a finite number", factor));
        }
        return map(delta -> delta.mul(factor));
    }

    /**
     * {@code base + delta} for every tensor, in the base's types; tensors without a change are the
     * base's.
     *
     * @throws BadInputException if the base lacks a tensor that the vector changes, or has it in
     *     another shape or as integers: no change is lost silently
     */
    public Map<String, INDArray> apply(Map<String, INDArray> base) {
        for (String name : deltas.keySet()) {
            if (!base.containsKey(name)) {
                throw new BadInputException(
                        Problem.expected(
                                "tensors of the base",
                                "all that the task vector changes",
                                "none of the name '" + name + "'"));
            }
        }
        Map<String, INDArray> merged = new LinkedHashMap<>();
        base.forEach(
                (name, origin) -> {
                    INDArray delta = deltas.get(name);
                    if (delta == null) {
                        merged.put(name, origin.isEmpty() ? origin : origin.dup());
                        return;
                    }
                    requireSameShape(name, origin, delta);
                    if (!origin.dataType().isFPType()) {
                        throw otherType(name, delta.dataType(), origin.dataType());
                    }
                    merged.put(name, floats(origin).add(delta).castTo(origin.dataType()));
                });
        return merged;
    }

    /** As {@link #apply(Map)}, for a checkpoint. */
    public Map<String, INDArray> apply(OpenModel base) throws IOException {
        return apply(base.tensors());
    }

    /** The Euclidean norm over all tensors. */
    public double norm() {
        double squares = 0;
        for (INDArray delta : deltas.values()) {
            double norm = delta.norm2Number().doubleValue();
            squares += norm * norm;
        }
        return Math.sqrt(squares);
    }

    private TaskVector map(UnaryOperator<INDArray> operation) {
        Map<String, INDArray> result = new LinkedHashMap<>();
        deltas.forEach((name, delta) -> result.put(name, operation.apply(delta)));
        return new TaskVector(result);
    }

    private TaskVector combine(TaskVector other, BinaryOperator<INDArray> operation) {
        Map<String, INDArray> result = new LinkedHashMap<>();
        deltas.forEach(
                (name, delta) -> {
                    INDArray second = Objects.requireNonNull(other.deltas.get(name));
                    requireSameShape(name, delta, second);
                    result.put(name, operation.apply(delta, second));
                });
        return new TaskVector(result);
    }

    private static INDArray floats(INDArray array) {
        return array.castTo(DataType.FLOAT);
    }

    private static BadInputException otherType(String name, DataType expected, DataType got) {
        return new BadInputException(
                Problem.expected("type of tensor '" + name + "'", expected, got)
                        .hint("integers and booleans have no task vector"));
    }

    private static void requireSameNames(Map<String, INDArray> a, Map<String, INDArray> b) {
        if (!a.keySet().equals(b.keySet())) {
            java.util.Set<String> different = new java.util.TreeSet<>(a.keySet());
            different.addAll(b.keySet());
            different.removeIf(name -> a.containsKey(name) && b.containsKey(name));
            throw new BadInputException(
                    Problem.expected(
                            "tensors of both models",
                            "the same names",
                            "only in one: " + different));
        }
    }

    private static void requireSameShape(String name, INDArray a, INDArray b) {
        if (!java.util.Arrays.equals(a.shape(), b.shape())) {
            throw new BadInputException(
                    Problem.expected(
                            "shape of tensor '" + name + "'",
                            java.util.Arrays.toString(a.shape()),
                            java.util.Arrays.toString(b.shape())));
        }
    }
}
