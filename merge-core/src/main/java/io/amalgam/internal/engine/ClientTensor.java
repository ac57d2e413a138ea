package io.amalgam.internal.engine;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A client's tensor as {@link RunningAverage} reads it. */
public interface ClientTensor {
    /** Name, type and shape. */
    TensorInfo info();

    /** Reads {@code n} elements of a floating tensor, row-major, as float32. */
    void floats(long from, int n, float[] dst) throws IOException;

    /** Reads {@code n} elements of a tensor of integers or booleans; unsigned ones as they are. */
    void integers(long from, int n, long[] dst) throws IOException;

    /** A stored tensor; used by one thread at a time. */
    static ClientTensor of(TensorSource source) {
        return new Stored(source, new Workspace(ScalarKernels.INSTANCE, RunningAverage.BLOCK));
    }

    /** A tensor of a checkpoint. */
    record Stored(TensorSource source, Workspace workspace) implements ClientTensor {
        @Override
        public TensorInfo info() {
            return source.info();
        }

        @Override
        public void floats(long from, int n, float[] dst) throws IOException {
            source.read(from, n, dst, 0, workspace);
        }

        @Override
        public void integers(long from, int n, long[] dst) throws IOException {
            StoredTensor stored = source.stored().orElseThrow();
            int width = stored.info().dtype().blockBytes();
            ByteBuffer bytes = workspace.bytes(n * width);
            stored.region().readFully(from * width, bytes);
            bytes.flip();
            for (int i = 0; i < n; i++) {
                dst[i] = Integers.get(stored.info().dtype(), bytes, i * width);
            }
        }
    }
}
