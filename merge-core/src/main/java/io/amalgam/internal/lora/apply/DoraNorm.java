package io.amalgam.internal.lora.apply;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.checkpoint.TensorReads;
import io.amalgam.internal.lora.FactorPair;
import io.amalgam.internal.lora.LoraModule;
import io.amalgam.kernel.Workspace;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * DoRA's factors: the learned magnitude of every output by the norm it has in {@code W + s B A}.
 * One pass over the base; squares are summed in float64, in the order of the tensor.
 *
 * <p>Liu et al. 2024, "DoRA: Weight-Decomposed Low-Rank Adaptation", <a
 * href="https://arxiv.org/abs/2402.09353">arXiv 2402.09353</a>.
 */
final class DoraNorm {
    private DoraNorm() {}

    static RowUpdate.Norms of(
            TensorSource base,
            LoraModule module,
            FactorPair delta,
            @Nullable Residual residual,
            Workspace workspace)
            throws IOException {
        boolean byRow = !module.kind().flipped();
        int cols = delta.cols();
        long elements = base.info().elements();
        double[] squares = new double[(int) (byRow ? elements / cols : cols)];
        RowUpdate plain =
                residual == null
                        ? new RowUpdate(delta, List.of())
                        : new RowUpdate(
                                new FactorPair(0, cols, new float[0], new float[0][]),
                                List.of(new RowUpdate.Alone(delta, 1, residual, null)));
        float[] block = new float[workspace.capacity()];
        for (long from = 0; from < elements; from += block.length) {
            int n = (int) Math.min(block.length, elements - from);
            base.read(from, n, block, 0, workspace);
            plain.apply(workspace, from, n, block, 0);
            for (int i = 0; i < n; i++) {
                double value = block[i];
                squares[(int) (byRow ? (from + i) / cols : (from + i) % cols)] += value * value;
            }
        }
        float[] magnitude = TensorReads.of(module.magnitude().orElseThrow(), workspace);
        float[] factors = new float[squares.length];
        for (int i = 0; i < factors.length; i++) {
            factors[i] = (float) (magnitude[i] / Math.sqrt(squares[i]));
        }
        return new RowUpdate.Norms(factors, byRow);
    }
}
