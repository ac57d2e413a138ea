package io.amalgam.internal.lora;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.TensorReads;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Reading of an adapter's tensors, which are finite. */
public final class AdapterReads {
    private static final int BLOCK = 1 << 14;

    private AdapterReads() {}

    /**
     * All elements of an adapter's tensor.
     *
     * @throws BadInputException if one is NaN or infinite
     */
    public static float[] finite(TensorSource tensor, String adapter) throws IOException {
        float[] values = TensorReads.of(tensor);
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
