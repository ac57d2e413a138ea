package io.amalgam.internal.kernel;

import java.util.Arrays;

/** Low-rank products, a row at a time. */
final class ScalarProducts {
    private ScalarProducts() {}

    static void add(
            float[] left,
            int l,
            float[][] right,
            int rank,
            int rows,
            int from,
            int to,
            float[] dst,
            int at,
            float[][] spare) {
        float[] sums = spare[0];
        float[] kept = spare[1];
        int n = to - from;
        for (int i = 0; i < rows; i++) {
            Arrays.fill(sums, from, to, 0);
            sum(left, l + i * rank, right, rank, from, to, sums);
            System.arraycopy(dst, at + i * n, kept, from, n);
            for (int j = from; j < to; j++) {
                sums[j] = kept[j] + sums[j];
            }
            System.arraycopy(sums, from, dst, at + i * n, n);
        }
    }

    private static void sum(
            float[] left, int l, float[][] right, int rank, int from, int to, float[] sums) {
        int k = 0;
        for (; k + 4 <= rank; k += 4) {
            sum4(left, l + k, right, k, from, to, sums);
        }
        for (; k < rank; k++) {
            sum1(left[l + k], right[k], from, to, sums);
        }
    }

    // One index for all arrays: with an offset for each the compiler makes no vectors of the loop.
    private static void sum4(
            float[] left, int l, float[][] right, int k, int from, int to, float[] sums) {
        float f0 = left[l];
        float f1 = left[l + 1];
        float f2 = left[l + 2];
        float f3 = left[l + 3];
        float[] r0 = right[k];
        float[] r1 = right[k + 1];
        float[] r2 = right[k + 2];
        float[] r3 = right[k + 3];
        for (int j = from; j < to; j++) {
            sums[j] = (((sums[j] + f0 * r0[j]) + f1 * r1[j]) + f2 * r2[j]) + f3 * r3[j];
        }
    }

    private static void sum1(float f, float[] r, int from, int to, float[] sums) {
        for (int j = from; j < to; j++) {
            sums[j] += f * r[j];
        }
    }
}
