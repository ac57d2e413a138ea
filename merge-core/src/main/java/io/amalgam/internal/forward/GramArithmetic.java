package io.amalgam.internal.forward;

import io.amalgam.checkpoint.Preparation;
import io.amalgam.checkpoint.TensorSource;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.FloatPointer;
import org.jspecify.annotations.Nullable;

/**
 * A forward pass that also measures the inputs of its linear layers: {@code X^T X} over the tokens
 * of a run. Products are of one sequence each, and summed in float64 in their order. Layers that
 * read the same array share one matrix, given for the first of them.
 */
public final class GramArithmetic implements Arithmetic {
    private static final int PANEL = 1 << 20;

    private final Arithmetic arithmetic;
    private final Preparation.Context context;
    private final SumSink sink;
    private float @Nullable [] measured;

    public GramArithmetic(BlasArithmetic arithmetic, Preparation.Context context, SumSink sink) {
        this.arithmetic = arithmetic;
        this.context = context;
        this.sink = sink;
    }

    /**
     * What a worker holds of a matrix, in bytes, outside of the heap and in it, with a copy of the
     * sums on their way to a file.
     */
    public static long bytesPerWorker(int in) {
        return (2L * Float.BYTES + 2L * Double.BYTES)
                * Math.min((long) in * in, Math.max(PANEL, in));
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
            measure(weight.info().name(), x, (int) weight.info().shape().dim(1), ends);
            measured = x;
        }
        return arithmetic.linear(weight, bias, x, ends);
    }

    /**
     * Measures the inputs of a layer.
     *
     * @param x [tokens, in]
     * @param ends where each sequence's rows end
     */
    public void measure(String weight, float[] x, int in, List<Integer> ends) throws IOException {
        try (FloatPointer inputs = new FloatPointer((long) x.length)) {
            inputs.put(x);
            context.forRanges(
                    in,
                    Math.max(1, PANEL / in),
                    (from, to, own) -> {
                        float[] rows = new float[(to - from) * in];
                        double[] sums = new double[rows.length];
                        try (FloatPointer result = new FloatPointer((long) rows.length)) {
                            int start = 0;
                            for (int end : ends) {
                                context.checkCancelled();
                                long row = (long) start * in;
                                Gemm.products(
                                        inputs.getPointer(row + from),
                                        inputs.getPointer(row),
                                        result,
                                        to - from,
                                        in,
                                        end - start);
                                result.get(rows);
                                for (int i = 0; i < rows.length; i++) {
                                    sums[i] += rows[i];
                                }
                                start = end;
                            }
                        }
                        sink.add(weight, (long) from * in, sums);
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
