package io.amalgam;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.TensorInfo;
import java.lang.ref.SoftReference;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A model whose tensors are ND4J arrays. */
final class ArrayModel implements Checkpoint {
    private final String name;
    private final Map<String, ArraySource> tensors = new LinkedHashMap<>();

    ArrayModel(String name, Map<String, INDArray> arrays) {
        this.name = name;
        arrays.forEach(
                (tensor, array) ->
                        tensors.put(
                                tensor,
                                new ArraySource(name, ArrayTypes.info(tensor, array), array)));
    }

    /**
     * @throws BadInputException if there are integers: files of them are made by copying files
     */
    void requireFloats() {
        for (ArraySource source : tensors.values()) {
            if (!source.info().dtype().arithmetic()) {
                throw new BadInputException(
                        Problem.expected(
                                        "tensor '"
                                                + source.info().name()
                                                + "' of "
                                                + name
                                                + ", merged to files",
                                        "floating-point numbers",
                                        source.info().dtype())
                                .hint("merge in memory, and write the result"));
            }
        }
    }

    @Override
    public Path path() {
        return Path.of(name);
    }

    @Override
    public Map<String, ArraySource> tensors() {
        return Collections.unmodifiableMap(tensors);
    }

    @Override
    public List<Path> weightFiles() {
        return List.of();
    }

    @Override
    public void close() {
        // Arrays are the caller's.
    }

    /** One array; its values as float32 are kept while there is memory for them. */
    static final class ArraySource implements TensorSource {
        private final String model;
        private final TensorInfo info;
        private final INDArray array;
        private SoftReference<float @Nullable []> values = new SoftReference<>(null);

        ArraySource(String model, TensorInfo info, INDArray array) {
            this.model = model;
            this.info = info;
            this.array = array;
        }

        INDArray array() {
            return array;
        }

        synchronized float[] floats() {
            float[] kept = values.get();
            if (kept == null) {
                kept = array.isEmpty() ? new float[0] : ArrayTypes.floats(array);
                values = new SoftReference<>(kept);
            }
            return kept;
        }

        @Override
        public TensorInfo info() {
            return info;
        }

        @Override
        public boolean read(long from, int count, float[] dst, int at, Workspace workspace) {
            System.arraycopy(floats(), Math.toIntExact(from), dst, at, count);
            return false;
        }

        @Override
        public long storedBytes() {
            return info.bytes();
        }

        @Override
        public String identity() {
            return model + ":" + info.name();
        }
    }
}
