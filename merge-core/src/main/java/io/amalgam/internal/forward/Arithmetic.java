package io.amalgam.internal.forward;

import io.amalgam.checkpoint.TensorSource;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * The large operations of a forward pass. {@link RowArithmetic} sums in one order whatever the
 * platform, with rounding by choice; {@link BlasArithmetic} is fast. The result of either depends
 * on one sequence alone: not on the others beside it, nor on threads.
 */
public interface Arithmetic {
    /** What activations are rounded to. */
    Rounding rounding();

    /**
     * A linear layer.
     *
     * @param weight [out, in]
     * @param bias [out]
     * @param x [rows, in]
     * @param ends where each sequence's rows end
     * @return [rows, out]
     */
    float[] linear(TensorSource weight, Optional<TensorSource> bias, float[] x, List<Integer> ends)
            throws IOException;

    /**
     * Causal attention.
     *
     * @param q [rows, heads x dim], k and v [rows, key heads x dim]
     * @param window positions that a token sees, its own included; 0 for all
     * @return [rows, heads x dim]
     */
    float[] attend(
            LlamaShape shape, int window, float[] q, float[] k, float[] v, List<Integer> ends)
            throws IOException;

    /** {@code x * sigmoid(x)} of float32, not rounded. */
    float silu(float x);
}
