package io.amalgam.internal.lora.apply;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.Arrays;

/**
 * A matrix with rows of zeros before and behind it: a factor of some rows of a larger matrix.
 *
 * @param before rows of zeros before it
 * @param rows of all
 */
record PaddedRows(TensorSource source, long before, long rows) implements TensorSource {
    @Override
    public TensorInfo info() {
        TensorInfo own = source.info();
        return new TensorInfo(own.name(), own.dtype(), Shape.of(rows, own.shape().dim(1)));
    }

    @Override
    public boolean read(long from, int count, float[] dst, int at, Workspace workspace)
            throws IOException {
        long start = before * source.info().shape().dim(1);
        long end = start + source.info().elements();
        Arrays.fill(dst, at, at + count, 0);
        long first = Math.max(from, start);
        int n = (int) Math.max(0, Math.min(from + count, end) - first);
        return n == 0 || source.read(first - start, n, dst, at + (int) (first - from), workspace);
    }

    @Override
    public long storedBytes() {
        return source.storedBytes();
    }

    @Override
    public String identity() {
        return source.identity() + " from row " + before;
    }
}
