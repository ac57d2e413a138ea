package io.amalgam.internal.structure.moe;

import io.amalgam.checkpoint.Preparation;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.kernel.Workspace;
import java.io.IOException;
import java.util.Optional;

/**
 * {@code y = x W^T + b} for the rows of x, with W read row by row: no more of a matrix is held than
 * a row. Each element is a float32 sum of fused multiply-adds in the order of the columns, so the
 * result depends on nothing else.
 */
final class MatrixProduct {
    private static final int TILE = 64;
    private static final int STEP = 4;

    private final Rounding rounding;
    private static final int ROWS = 16;

    private final Preparation.Context context;

    MatrixProduct(Rounding rounding, Preparation.Context context) {
        this.context = context;
        this.rounding = rounding;
    }

    /**
     * @param weight [out, in]
     * @param bias [out]
     * @param x [rows, in]
     * @return [rows, out]
     */
    float[] apply(TensorSource weight, Optional<TensorSource> bias, float[] x, int rows)
            throws IOException {
        int out = (int) weight.info().shape().dim(0);
        int in = (int) weight.info().shape().dim(1);
        float[] added = bias.isPresent() ? vector(bias.get()) : new float[out];
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
                        read(weight, (long) r * in, row, in, own);
                        for (int t = 0; t < tiles.length; t++) {
                            java.util.Arrays.fill(sums, 0);
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

    /** A tensor of one dimension. */
    float[] vector(TensorSource source) throws IOException {
        float[] vector = new float[(int) source.info().elements()];
        read(source, 0, vector, vector.length);
        return vector;
    }

    void read(TensorSource source, long from, float[] dst, int count) throws IOException {
        read(source, from, dst, count, context.workspace());
    }

    private void read(TensorSource source, long from, float[] dst, int count, Workspace own)
            throws IOException {
        for (int done = 0; done < count; done += own.capacity()) {
            int n = Math.min(own.capacity(), count - done);
            source.read(from + done, n, dst, done, own);
        }
        for (int i = 0; i < count; i++) {
            dst[i] = rounding.round(dst[i]);
        }
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
}
