package io.amalgam.lora;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import java.io.IOException;

/** Reading of tensors that are held whole. */
public final class Values {
    private static final int BLOCK = 1 << 14;

    private Values() {}

    /** All elements, row-major. */
    public static float[] of(TensorSource source) throws IOException {
        return of(source, new Workspace(ScalarKernels.INSTANCE, BLOCK));
    }

    static float[] of(TensorSource source, Workspace workspace) throws IOException {
        float[] values = new float[Math.toIntExact(source.info().elements())];
        for (int from = 0; from < values.length; from += workspace.capacity()) {
            int n = Math.min(workspace.capacity(), values.length - from);
            source.read(from, n, values, from, workspace);
        }
        return values;
    }
}
