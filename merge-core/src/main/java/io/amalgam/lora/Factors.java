package io.amalgam.lora;

/**
 * A sum of low-rank products as a merge reads it: {@code left right}, with {@code left} of {@code
 * rows x rank}, row-major, and {@code right} of {@code rank} rows, each an array of its own;
 * float32.
 *
 * <p>Each element is {@code sum over k of left[i][k] * right[k][j]} in float32, {@code k} from
 * first to last, every product and sum rounded: the same whichever part of a row is asked for.
 */
record Factors(int rank, int cols, float[] left, float[][] right) {

    /** Adds the elements of a row from one column to another to {@code acc}, at their columns. */
    void add(long row, int from, int to, float[] acc) {
        int l = Math.toIntExact(row * rank);
        int k = 0;
        for (; k + 4 <= rank; k += 4) {
            add4(l + k, right[k], right[k + 1], right[k + 2], right[k + 3], from, to, acc);
        }
        for (; k < rank; k++) {
            add1(left[l + k], right[k], from, to, acc);
        }
    }

    // One index for all arrays: with an offset for each the compiler makes no vectors of the loop.
    private void add4(
            int l, float[] r0, float[] r1, float[] r2, float[] r3, int from, int to, float[] acc) {
        float f0 = left[l];
        float f1 = left[l + 1];
        float f2 = left[l + 2];
        float f3 = left[l + 3];
        for (int j = from; j < to; j++) {
            acc[j] = (((acc[j] + f0 * r0[j]) + f1 * r1[j]) + f2 * r2[j]) + f3 * r3[j];
        }
    }

    private static void add1(float f, float[] r, int from, int to, float[] acc) {
        for (int j = from; j < to; j++) {
            acc[j] += f * r[j];
        }
    }
}
