package io.amalgam.internal.forward;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.kernel.Workspace;
import java.io.IOException;

/** Reads parts of weights, as much as a workspace holds at a time. */
public final class Weights {
    private Weights() {}

    /** Reads {@code count} elements from {@code from} on, rounded. */
    public static void read(
            TensorSource source,
            long from,
            float[] dst,
            int count,
            Rounding rounding,
            Workspace own)
            throws IOException {
        for (int done = 0; done < count; done += own.capacity()) {
            int n = Math.min(own.capacity(), count - done);
            source.read(from + done, n, dst, done, own);
        }
        if (rounding != Rounding.NONE) {
            for (int i = 0; i < count; i++) {
                dst[i] = rounding.round(dst[i]);
            }
        }
    }

    /** A tensor of one dimension. */
    static float[] vector(TensorSource source, Rounding rounding, Workspace own)
            throws IOException {
        float[] vector = new float[(int) source.info().elements()];
        read(source, 0, vector, vector.length, rounding, own);
        return vector;
    }
}
