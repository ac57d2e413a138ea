package io.amalgam.internal.forward;

import io.amalgam.checkpoint.Preparation;
import io.amalgam.checkpoint.TensorSource;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Weights are read row by row: no more of a matrix is held than a row. Each element of a linear
 * layer is a float32 sum of fused multiply-adds in the order of the columns, attention is summed in
 * float64, so results depend on nothing else.
 */
public final class RowArithmetic implements Arithmetic {
    private static final int TILE = 64;
    private static final int STEP = 4;
    private static final int ROWS = 16;

    private final Rounding rounding;
    private final Preparation.Context context;

    public RowArithmetic(Rounding rounding, Preparation.Context context) {
        this.context = context;
        this.rounding = rounding;
    }

    @Override
    public Rounding rounding() {
        return rounding;
    }

    @Override
    public float silu(float x) {
        return (float) (x / (1 + StrictMath.exp(-x)));
    }

    @Override
    public float[] linear(
            TensorSource weight, Optional<TensorSource> bias, float[] x, List<Integer> ends)
            throws IOException {
        int rows = ends.isEmpty() ? 0 : ends.get(ends.size() - 1);
        int out = (int) weight.info().shape().dim(0);
        int in = (int) weight.info().shape().dim(1);
        float[] added =
                bias.isPresent()
                        ? Weights.vector(bias.get(), rounding, context.workspace())
                        : new float[out];
        float[][] tiles = tiles(x, rows, in);
        float[] y = new float[rows * out];
        context.forRanges(
                out,
                ROWS,
                (from, to, own) -> {
                    float[] row = new float[(in + STEP - 1) / STEP * STEP];
                    float[] sums = new float[TILE];
                    for (int r = from; r < to; r++) {
                        context.checkCancelled();
                        Weights.read(weight, (long) r * in, row, in, rounding, own);
                        for (int t = 0; t < tiles.length; t++) {
                            Arrays.fill(sums, 0);
                            accumulate(row, tiles[t], sums);
                            int end = Math.min(TILE, rows - t * TILE);
                            for (int i = 0; i < end; i++) {
                                y[(t * TILE + i) * out + r] = rounding.round(sums[i] + added[r]);
                            }
                        }
                    }
                });
        return y;
    }

    /** Columns together, {@link #TILE} rows in each tile: what the inner loop runs along. */
    private static float[][] tiles(float[] x, int rows, int in) {
        int padded = (in + STEP - 1) / STEP * STEP;
        float[][] tiles = new float[(rows + TILE - 1) / TILE][padded * TILE];
        for (int i = 0; i < rows; i++) {
            float[] tile = tiles[i / TILE];
            for (int c = 0; c < in; c++) {
                tile[c * TILE + i % TILE] = x[i * in + c];
            }
        }
        return tiles;
    }

    private static void accumulate(float[] row, float[] tile, float[] sums) {
        for (int c = 0; c < row.length; c += STEP) {
            float a = row[c];
            float b = row[c + 1];
            float d = row[c + 2];
            float e = row[c + 3];
            int at = c * TILE;
            for (int i = 0; i < TILE; i++) {
                float sum = Math.fma(a, tile[at + i], sums[i]);
                sum = Math.fma(b, tile[at + TILE + i], sum);
                sum = Math.fma(d, tile[at + 2 * TILE + i], sum);
                sums[i] = Math.fma(e, tile[at + 3 * TILE + i], sum);
            }
        }
    }

    @Override
    public float[] attend(
            LlamaShape shape, int window, float[] q, float[] k, float[] v, List<Integer> ends) {
        float[] out = new float[q.length];
        int start = 0;
        for (int end : ends) {
            for (int head = 0; head < shape.heads(); head++) {
                attend(shape, window, head, q, k, v, out, start, end - start);
            }
            start = end;
        }
        return out;
    }

    /** Attention of one head over one sequence. */
    private void attend(
            LlamaShape shape,
            int window,
            int head,
            float[] q,
            float[] k,
            float[] v,
            float[] out,
            int start,
            int length) {
        int dim = shape.headDim();
        int keyHead = head / (shape.heads() / shape.keyHeads());
        float scale = (float) (1 / Math.sqrt(dim));
        double[] scores = new double[length];
        for (int i = 0; i < length; i++) {
            int from = window > 0 ? Math.max(0, i - window + 1) : 0;
            int query = ((start + i) * shape.heads() + head) * dim;
            double most = Double.NEGATIVE_INFINITY;
            for (int j = from; j <= i; j++) {
                int key = ((start + j) * shape.keyHeads() + keyHead) * dim;
                double dot = 0;
                for (int d = 0; d < dim; d++) {
                    dot += (double) q[query + d] * k[key + d];
                }
                scores[j] = dot * scale;
                most = Math.max(most, scores[j]);
            }
            double sum = 0;
            for (int j = from; j <= i; j++) {
                scores[j] = StrictMath.exp(scores[j] - most);
                sum += scores[j];
            }
            for (int d = 0; d < dim; d++) {
                double mixed = 0;
                for (int j = from; j <= i; j++) {
                    int value = ((start + j) * shape.keyHeads() + keyHead) * dim;
                    mixed += rounding.round((float) scores[j]) * v[value + d];
                }
                out[query + d] = rounding.round((float) (mixed / sum));
            }
        }
    }
}
