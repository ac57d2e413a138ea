package io.amalgam.internal.forward;

import io.amalgam.checkpoint.Preparation;
import io.amalgam.checkpoint.TensorSource;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.FloatPointer;
import org.jspecify.annotations.Nullable;

/**
 * A forward pass that also measures the inputs of its linear layers: {@code X^T X / N} over the N
 * tokens of a run. Layers that read the same array share one matrix, given for the first of them.
 */
public final class GramArithmetic implements Arithmetic {
    private static final int PANEL = 1 << 20;

    private final Arithmetic arithmetic;
    private final Preparation.Context context;
    private final Sink sink;
    private float @Nullable [] measured;

    /** Takes rows of Gram matrices, from several threads. */
    @FunctionalInterface
    public interface Sink {
        /**
         * @param weight the layer's
         * @param from the first row
         * @param rows some rows, whole, one after the other
         */
        void rows(String weight, int from, float[] rows) throws IOException;
    }

    public GramArithmetic(BlasArithmetic arithmetic, Preparation.Context context, Sink sink) {
        this.arithmetic = arithmetic;
        this.context = context;
        this.sink = sink;
    }

    /** What a worker holds of a matrix, in bytes, outside of the heap and in it. */
    public static long bytesPerWorker(int in) {
        return 2L * Float.BYTES * Math.min((long) in * in, Math.max(PANEL, in));
    }

    @Override
    public Rounding rounding() {
        return arithmetic.rounding();
    }

    @Override
    public float[] linear(
            TensorSource weight, Optional<TensorSource> bias, float[] x, List<Integer> ends)
            throws IOException {
        if (x != measured) {
            measure(weight.info().name(), x, (int) weight.info().shape().dim(1));
            measured = x;
        }
        return arithmetic.linear(weight, bias, x, ends);
    }

    /**
     * Measures the inputs of a layer.
     *
     * @param x [tokens, in]
     */
    public void measure(String weight, float[] x, int in) throws IOException {
        int tokens = x.length / in;
        try (FloatPointer inputs = new FloatPointer((long) x.length)) {
            inputs.put(x);
            context.forRanges(
                    in,
                    Math.max(1, PANEL / in),
                    (from, to, own) -> {
                        context.checkCancelled();
                        float[] rows = new float[(to - from) * in];
                        try (FloatPointer result = new FloatPointer((long) rows.length)) {
                            Gemm.products(
                                    inputs.getPointer(from), inputs, result, to - from, in, tokens);
                            result.get(rows);
                        }
                        for (int i = 0; i < rows.length; i++) {
                            rows[i] /= tokens;
                        }
                        sink.rows(weight, from, rows);
                    });
        }
    }

    @Override
    public float[] attend(
            LlamaShape shape, int window, float[] q, float[] k, float[] v, List<Integer> ends)
            throws IOException {
        return arithmetic.attend(shape, window, q, k, v, ends);
    }

    @Override
    public float silu(float x) {
        return arithmetic.silu(x);
    }
}
