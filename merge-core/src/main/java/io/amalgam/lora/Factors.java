package io.amalgam.lora;

/**
 * A sum of low-rank products as a merge reads it: {@code left right}, with {@code left} of {@code
 * rows x rank} and {@code right} of {@code rank x cols}, float32, row-major.
 *
 * <p>Each element is {@code sum over k of left[i][k] * right[k][j]} in float32, {@code k} from
 * first to last, every product and sum rounded: the same whichever part of a row is asked for.
 */
record Factors(int rank, int cols, float[] left, float[] right) {

    /** Adds {@code n} elements of a row, from a column on, to {@code acc}. */
    void add(long row, int col, int n, float[] acc) {
        int l = Math.toIntExact(row * rank);
        int k = 0;
        for (; k + 8 <= rank; k += 8) {
            add8(l + k, k * cols + col, n, acc);
        }
        for (; k + 4 <= rank; k += 4) {
            add4(l + k, k * cols + col, n, acc);
        }
        for (; k < rank; k++) {
            float f = left[l + k];
            int at = k * cols + col;
            for (int j = 0; j < n; j++) {
                acc[j] += f * right[at + j];
            }
        }
    }

    private void add8(int l, int at, int n, float[] acc) {
        float f0 = left[l];
        float f1 = left[l + 1];
        float f2 = left[l + 2];
        float f3 = left[l + 3];
        float f4 = left[l + 4];
        float f5 = left[l + 5];
        float f6 = left[l + 6];
        float f7 = left[l + 7];
        int r0 = at;
        int r1 = r0 + cols;
        int r2 = r1 + cols;
        int r3 = r2 + cols;
        int r4 = r3 + cols;
        int r5 = r4 + cols;
        int r6 = r5 + cols;
        int r7 = r6 + cols;
        float[] r = right;
        for (int j = 0; j < n; j++) {
            float sum = acc[j] + f0 * r[r0 + j];
            sum += f1 * r[r1 + j];
            sum += f2 * r[r2 + j];
            sum += f3 * r[r3 + j];
            sum += f4 * r[r4 + j];
            sum += f5 * r[r5 + j];
            sum += f6 * r[r6 + j];
            sum += f7 * r[r7 + j];
            acc[j] = sum;
        }
    }

    private void add4(int l, int at, int n, float[] acc) {
        float f0 = left[l];
        float f1 = left[l + 1];
        float f2 = left[l + 2];
        float f3 = left[l + 3];
        int r1 = at + cols;
        int r2 = r1 + cols;
        int r3 = r2 + cols;
        float[] r = right;
        for (int j = 0; j < n; j++) {
            float sum = acc[j] + f0 * r[at + j];
            sum += f1 * r[r1 + j];
            sum += f2 * r[r2 + j];
            sum += f3 * r[r3 + j];
            acc[j] = sum;
        }
    }
}
