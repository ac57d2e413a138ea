package io.amalgam.internal.checkpoint;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import java.io.IOException;
import java.util.Arrays;

/** Reading of tensors that are held whole, or of more elements than a buffer takes. */
public final class TensorReads {
    private static final int BLOCK = 1 << 14;

    private TensorReads() {}

    /** All elements, row-major. */
    public static float[] of(TensorSource source) throws IOException {
        return of(source, new Workspace(ScalarKernels.INSTANCE, BLOCK));
    }

    /** Whether two tensors hold the same numbers, read block by block. */
    public static boolean same(TensorSource one, TensorSource two) throws IOException {
        if (!one.info().shape().equals(two.info().shape())) {
            return false;
        }
        Workspace workspace = new Workspace(ScalarKernels.INSTANCE, BLOCK);
        float[] first = new float[BLOCK];
        float[] second = new float[BLOCK];
        for (long from = 0; from < one.info().elements(); from += BLOCK) {
            int n = (int) Math.min(BLOCK, one.info().elements() - from);
            one.read(from, n, first, 0, workspace);
            two.read(from, n, second, 0, workspace);
            if (!Arrays.equals(first, 0, n, second, 0, n)) {
                return false;
            }
        }
        return true;
    }

    /** All elements, row-major. */
    public static float[] of(TensorSource source, Workspace workspace) throws IOException {
        float[] values = new float[Math.toIntExact(source.info().elements())];
        into(source, 0, values.length, values, 0, workspace);
        return values;
    }

    /** Reads any number of elements, a buffer's at a time. */
    public static void into(
            TensorSource source, long from, int count, float[] to, int at, Workspace workspace)
            throws IOException {
        for (int done = 0; done < count; ) {
            int n = Math.min(workspace.capacity(), count - done);
            source.read(from + done, n, to, at + done, workspace);
            done += n;
        }
    }
}
