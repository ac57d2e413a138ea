package io.amalgam.internal.structure;

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

/** A checkpoint without data. */
final class HeaderOnly implements Checkpoint {
    private final String name;
    private final Map<String, TensorSource> tensors = new LinkedHashMap<>();

    HeaderOnly(String name) {
        this.name = name;
    }

    HeaderOnly tensor(String tensor, long... dims) {
        return tensor(tensor, DType.F32, dims);
    }

    HeaderOnly tensor(String tensor, DType dtype, long... dims) {
        tensors.put(tensor, new Source(name, new TensorInfo(tensor, dtype, Shape.of(dims))));
        return this;
    }

    @Override
    public Path path() {
        return Path.of(name);
    }

    @Override
    public Map<String, TensorSource> tensors() {
        return tensors;
    }

    @Override
    public List<Path> weightFiles() {
        return List.of();
    }

    @Override
    public void close() {}

    private record Source(String model, TensorInfo info) implements TensorSource {
        @Override
        public boolean read(long from, int count, float[] dst, int at, Workspace workspace) {
            throw new AssertionError("nothing is read");
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
