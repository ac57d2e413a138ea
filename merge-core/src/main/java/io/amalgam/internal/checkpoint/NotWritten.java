package io.amalgam.internal.checkpoint;

import io.amalgam.internal.encoding.Quantiser;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.TensorInfo;
import java.util.List;

/** Stands for a tensor that a format has no place for and does without: it is not computed. */
public enum NotWritten implements Quantiser {
    INSTANCE;

    @Override
    public List<TensorInfo> stored() {
        return List.of();
    }

    @Override
    public int step() {
        return 1;
    }

    @Override
    public void encode(
            float[] values,
            int at,
            int count,
            long from,
            float largest,
            Target target,
            Workspace workspace) {
        throw new IllegalStateException("nothing is written");
    }
}
