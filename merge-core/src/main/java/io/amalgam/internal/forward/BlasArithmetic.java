package io.amalgam.internal.forward;

import io.amalgam.checkpoint.Preparation;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.kernel.Workspace;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.FloatPointer;

/**
 * Float32 by BLAS: panels of weights are read by all workers at a time, and multiplied with tiles
 * of one sequence each. The shapes of products depend on the model and the sequence alone.
 */
public final class BlasArithmetic implements Arithmetic {
    /** Elements of a panel. */
    private static final int PANEL = 1 << 20;

    private static final int LEAST_ROWS = 16;
    private static final int MOST_ROWS = 1024;
    private static final int TILE = 256;

    private final Preparation.Context context;

    public BlasArithmetic(Preparation.Context context) {
        this.context = context;
    }

    /** What a worker holds of weights and products, in bytes, outside of the heap and in it. */
    public static long bytesPerWorker(int in) {
        long rows = panelRows(in);
        return Float.BYTES * (2 * rows * in + 2L * TILE * rows);
    }

    static int panelRows(int in) {
        return Math.min(MOST_ROWS, Math.max(LEAST_ROWS, PANEL / in));
    }

    @Override
    public Rounding rounding() {
        return Rounding.NONE;
    }

    @Override
    public float silu(float x) {
        return x / (1 + FastExp.of(-x));
    }

    /** Takes a product of a panel with a tile. */
    @FunctionalInterface
    interface Product {
        /**
         * @param y [tile rows, panel rows]
         * @param row of x that is the tile's first
         * @param n rows of the tile
         * @param from the panel's first row of the weight
         * @param width rows of the panel
         */
        void take(float[] y, int row, int n, int from, int width);
    }

    /**
     * Multiplies the rows of x with all rows of a weight, panel by panel, each by one worker.
     *
     * @param x [rows, in]
     */
    void multiply(TensorSource weight, float[] x, List<Integer> ends, Product product)
            throws IOException {
        int out = (int) weight.info().shape().dim(0);
        int in = (int) weight.info().shape().dim(1);
        int rows = panelRows(in);
        try (FloatPointer inputs = new FloatPointer((long) x.length)) {
            inputs.put(x);
            context.forRanges(
                    out,
                    rows,
                    (from, to, own) -> panel(weight, inputs, ends, product, from, to, own));
        }
    }

    private void panel(
            TensorSource weight,
            FloatPointer inputs,
            List<Integer> ends,
            Product product,
            int from,
            int to,
            Workspace own)
            throws IOException {
        int in = (int) weight.info().shape().dim(1);
        int width = to - from;
        float[] read = new float[width * in];
        float[] y = new float[TILE * width];
        Weights.read(weight, (long) from * in, read, read.length, Rounding.NONE, own);
        try (FloatPointer panel = new FloatPointer((long) read.length);
                FloatPointer result = new FloatPointer((long) y.length)) {
            panel.put(read);
            int start = 0;
            for (int end : ends) {
                for (int row = start; row < end; row += TILE) {
                    context.checkCancelled();
                    int n = Math.min(TILE, end - row);
                    Gemm.transposed(
                            inputs.getPointer((long) row * in), panel, result, n, width, in);
                    result.get(y, 0, n * width);
                    product.take(y, row, n, from, width);
                }
                start = end;
            }
        }
    }

    @Override
    public float[] linear(
            TensorSource weight, Optional<TensorSource> bias, float[] x, List<Integer> ends)
            throws IOException {
        int rows = ends.isEmpty() ? 0 : ends.get(ends.size() - 1);
        int out = (int) weight.info().shape().dim(0);
        float[] added =
                bias.isPresent()
                        ? Weights.vector(bias.get(), Rounding.NONE, context.workspace())
                        : new float[out];
        float[] all = new float[rows * out];
        multiply(
                weight,
                x,
                ends,
                (y, row, n, from, width) -> {
                    for (int i = 0; i < n; i++) {
                        int at = (row + i) * out + from;
                        for (int j = 0; j < width; j++) {
                            all[at + j] = y[i * width + j] + added[from + j];
                        }
                    }
                });
        return all;
    }

    @Override
    public float[] attend(
            LlamaShape shape, int window, float[] q, float[] k, float[] v, List<Integer> ends)
            throws IOException {
        float[] out = new float[q.length];
        int sequences = ends.size();
        context.forRanges(
                sequences * shape.keyHeads(),
                1,
                (from, to, own) -> {
                    for (int item = from; item < to; item++) {
                        int s = item / shape.keyHeads();
                        int start = s == 0 ? 0 : ends.get(s - 1);
                        context.checkCancelled();
                        try (BlasAttention attention =
                                new BlasAttention(shape, window, start, ends.get(s) - start)) {
                            attention.run(q, k, v, out, item % shape.keyHeads());
                        }
                    }
                });
        return out;
    }
}
