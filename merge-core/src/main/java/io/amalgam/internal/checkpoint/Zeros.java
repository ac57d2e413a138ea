package io.amalgam.internal.checkpoint;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.TensorInfo;
import java.util.Arrays;

/** A tensor of zeros that is nowhere stored. */
public record Zeros(TensorInfo info) implements TensorSource {
    @Override
    public boolean read(long from, int count, float[] dst, int at, Workspace workspace) {
        Arrays.fill(dst, at, at + count, 0f);
        return true;
    }

    @Override
    public long storedBytes() {
        return 0;
    }

    @Override
    public String identity() {
        return "zeros";
    }
}
