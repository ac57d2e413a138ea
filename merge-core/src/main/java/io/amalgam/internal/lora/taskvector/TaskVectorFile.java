package io.amalgam.internal.lora.taskvector;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.lora.SparseChange;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Task vectors in a safetensors file, told by an entry of its metadata: changes in full under the
 * tensors' names, or sparse, three tensors for each that changed: {@code NAME.indices}, ascending
 * positions in the row-major tensor, I32 or I64; {@code NAME.values}, what is added there; {@code
 * NAME.shape}, I64.
 */
public final class TaskVectorFile {
    /** The metadata's entry. */
    public static final String KEY = "amalgam";

    public static final String DENSE = "task_vector";
    public static final String SPARSE = "sparse_task_vector";

    static final String INDICES = ".indices";
    static final String VALUES = ".values";
    static final String SHAPE = ".shape";

    private TaskVectorFile() {}

    /** Whether an open file says that it is one. */
    public static boolean is(Checkpoint file) {
        String kind = file.metadata().getOrDefault(KEY, "");
        return kind.equals(DENSE) || kind.equals(SPARSE);
    }

    /**
     * What is added to each tensor, by its name. Sparse ones read as zero where nothing is added;
     * their indices are read once, to see that they ascend.
     *
     * @throws BadInputException if the file is not what it says
     */
    public static Map<String, TensorSource> changes(Checkpoint file) throws IOException {
        Map<String, TensorSource> changes = new LinkedHashMap<>();
        if (DENSE.equals(file.metadata().get(KEY))) {
            changes.putAll(file.tensors());
            return changes;
        }
        for (String name : file.tensors().keySet()) {
            if (name.endsWith(INDICES)) {
                String tensor = name.substring(0, name.length() - INDICES.length());
                changes.put(tensor, change(file, tensor));
            }
        }
        if (file.tensors().size() != 3 * changes.size()) {
            throw damaged(
                    file,
                    "tensors",
                    "indices, values and shape for each",
                    file.tensors().size() + " tensors with " + changes.size() + " indices");
        }
        return changes;
    }

    private static SparseChange change(Checkpoint file, String tensor) throws IOException {
        StoredTensor indices = stored(file, tensor + INDICES, List.of(DType.I32, DType.I64));
        StoredTensor values =
                stored(file, tensor + VALUES, List.of(DType.F32, DType.BF16, DType.F16));
        if (!indices.info().shape().equals(values.info().shape())) {
            throw damaged(
                    file,
                    "values of tensor '" + tensor + "'",
                    "as many as indices, " + indices.info().elements(),
                    values.info().shape());
        }
        StoredTensor dims = stored(file, tensor + SHAPE, List.of(DType.I64));
        ByteBuffer bytes =
                ByteBuffer.allocate(Math.toIntExact(dims.info().bytes()))
                        .order(ByteOrder.LITTLE_ENDIAN);
        dims.region().readFully(0, bytes);
        long[] sizes = new long[bytes.flip().remaining() / Long.BYTES];
        bytes.asLongBuffer().get(sizes);
        Shape shape;
        try {
            shape = Shape.of(sizes);
        } catch (IllegalArgumentException | ArithmeticException e) {
            throw damaged(
                    file,
                    "shape of tensor '" + tensor + "'",
                    "sizes of a tensor",
                    java.util.Arrays.toString(sizes));
        }
        SparseChange change =
                new SparseChange(new TensorInfo(tensor, DType.F32, shape), indices, values);
        change.check();
        return change;
    }

    private static StoredTensor stored(Checkpoint file, String name, List<DType> types) {
        TensorSource source = file.tensors().get(name);
        Optional<StoredTensor> stored =
                source == null ? Optional.empty() : source.stored().filter(s -> isList(s, types));
        return stored.orElseThrow(
                () ->
                        damaged(
                                file,
                                "tensor '" + name + "'",
                                "a list of "
                                        + types.stream()
                                                .map(DType::toString)
                                                .reduce((a, b) -> a + " or " + b)
                                                .orElseThrow(),
                                source == null ? "none" : source.info()));
    }

    private static boolean isList(StoredTensor tensor, List<DType> types) {
        return tensor.info().shape().rank() == 1 && types.contains(tensor.info().dtype());
    }

    private static BadInputException damaged(
            Checkpoint file, String what, String expected, Object got) {
        return new BadInputException(
                Problem.expected(what, expected, got)
                        .at("'" + file.path() + "'")
                        .hint("the task vector is damaged: make it again"));
    }
}
