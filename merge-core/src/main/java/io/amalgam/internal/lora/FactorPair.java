package io.amalgam.internal.lora;

import io.amalgam.kernel.Kernels;

/**
 * A sum of low-rank products in the form a merge needs: {@code left right}, with {@code left} of
 * {@code rows x rank}, row-major, and {@code right} of {@code rank} rows, each an array of its own,
 * at least {@code cols} long; float32.
 *
 * <p>Each element is {@code sum over k of left[i][k] * right[k][j]} in float32, {@code k} from
 * first to last, every product and sum rounded: the same whichever part of a row is asked for.
 */
public record FactorPair(int rank, int cols, float[] left, float[][] right) {

    /**
     * Adds the columns {@code from .. to-1} of some rows to {@code dst}, one row behind another
     * from index {@code at} on.
     *
     * @param spare as {@link Kernels#addProducts} wants it
     */
    public void add(
            Kernels kernels,
            long row,
            int rows,
            int from,
            int to,
            float[] dst,
            int at,
            float[][] spare) {
        int l = Math.toIntExact(row * rank);
        kernels.addProducts(left, l, right, rank, rows, from, to, dst, at, spare);
    }
}
