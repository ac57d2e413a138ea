package io.amalgam.internal.engine;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** A model whose tensors and statistics are arrays. */
final class MemoryModel implements Checkpoint {
    private final String name;
    private final Map<String, Values> tensors = new LinkedHashMap<>();
    private final Map<String, Values> statistics = new LinkedHashMap<>();

    MemoryModel(String name) {
        this.name = name;
    }

    /** A tensor of numbers between -1 and 1, other ones for each model. */
    MemoryModel tensor(String tensor, long... dims) {
        return put(tensors, tensor, -1, dims);
    }

    /** A statistic of numbers between 0 and 1. */
    MemoryModel statistic(String tensor, long... dims) {
        return put(statistics, tensor, 0, dims);
    }

    MemoryModel without(String statistic) {
        statistics.remove(statistic);
        return this;
    }

    private MemoryModel put(Map<String, Values> to, String tensor, float from, long... dims) {
        TensorInfo info = new TensorInfo(tensor, DType.F32, Shape.of(dims));
        float[] values = new float[(int) info.elements()];
        Random random = new Random((name + tensor).hashCode());
        for (int i = 0; i < values.length; i++) {
            values[i] = from + (1 - from) * random.nextFloat();
        }
        to.put(tensor, new Values(name, info, values));
        return this;
    }

    float[] values(String tensor) {
        Values values = tensors.get(tensor);
        return (values == null ? statistics.get(tensor) : values).values();
    }

    @Override
    public Path path() {
        return Path.of(name);
    }

    @Override
    public Map<String, Values> tensors() {
        return tensors;
    }

    @Override
    public Map<String, Values> statistics() {
        return statistics;
    }

    @Override
    public List<Path> weightFiles() {
        return List.of();
    }

    @Override
    public void close() {}

    record Values(String model, TensorInfo info, float[] values) implements TensorSource {
        @Override
        public boolean read(long from, int count, float[] dst, int at, Workspace workspace) {
            System.arraycopy(values, (int) from, dst, at, count);
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
