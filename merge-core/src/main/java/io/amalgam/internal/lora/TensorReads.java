package io.amalgam.internal.lora;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Reading of tensors that are held whole. */
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

    public static float[] of(TensorSource source, Workspace workspace) throws IOException {
        float[] values = new float[Math.toIntExact(source.info().elements())];
        for (int from = 0; from < values.length; from += workspace.capacity()) {
            int n = Math.min(workspace.capacity(), values.length - from);
            source.read(from, n, values, from, workspace);
        }
        return values;
    }

    /**
     * All elements of an adapter's tensor.
     *
     * @throws BadInputException if one is NaN or infinite
     */
    public static float[] finite(TensorSource tensor, String adapter) throws IOException {
        float[] values = of(tensor);
        for (int i = 0; i < values.length; i++) {
            if (!Float.isFinite(values[i])) {
                throw new BadInputException(damaged(adapter, List.of(tensor)).orElseThrow());
            }
        }
        return values;
    }

    /** What is said of the first tensor of an adapter that has NaN or infinity in it. */
    public static Optional<Problem> damaged(String adapter, List<TensorSource> tensors)
            throws IOException {
        for (TensorSource tensor : tensors) {
            Workspace workspace = new Workspace(ScalarKernels.INSTANCE, BLOCK);
            float[] block = new float[BLOCK];
            long elements = tensor.info().elements();
            for (long from = 0; from < elements; from += BLOCK) {
                int n = (int) Math.min(BLOCK, elements - from);
                tensor.read(from, n, block, 0, workspace);
                for (int i = 0; i < n; i++) {
                    if (!Float.isFinite(block[i])) {
                        return Optional.of(
                                Problem.expected(
                                                "tensor '"
                                                        + tensor.info().name()
                                                        + "' of adapter '"
                                                        + adapter
                                                        + "'",
                                                "finite numbers",
                                                block[i] + " at element " + (from + i))
                                        .hint("the adapter is damaged"));
                    }
                }
            }
        }
        return Optional.empty();
    }
}
