package io.amalgam.internal.forward;

/**
 * Rows of single heads of a sequence, and what attention makes of their scores.
 *
 * @param dim of a head
 * @param window positions that a token sees; 0 for all
 * @param start of the sequence's rows
 */
record HeadRows(int dim, int window, int start) {
    /** One head of some rows, side by side. */
    float[] of(float[] x, int heads, int head, int from, int n) {
        float[] rows = new float[n * dim];
        for (int i = 0; i < n; i++) {
            System.arraycopy(x, at(heads, head, from + i), rows, i * dim, dim);
        }
        return rows;
    }

    /** Where a row of a head begins. */
    int at(int heads, int head, int row) {
        return ((start + row) * heads + head) * dim;
    }

    float scale() {
        return (float) (1 / Math.sqrt(dim));
    }

    /** The first position that a query sees. */
    int first(int query) {
        return window > 0 ? Math.max(0, query - window + 1) : 0;
    }

    /** Exponentials of what a query sees, 0 elsewhere; returns their sum. */
    double softmax(float[] row, int at, int query, int seen) {
        float scale = scale();
        int first = first(query);
        float most = Float.NEGATIVE_INFINITY;
        for (int j = first; j <= query; j++) {
            most = Math.max(most, row[at + j]);
        }
        double sum = 0;
        for (int j = 0; j < first; j++) {
            row[at + j] = 0;
        }
        for (int j = first; j <= query; j++) {
            float e = FastExp.of((row[at + j] - most) * scale);
            row[at + j] = e;
            sum += e;
        }
        for (int j = query + 1; j < seen; j++) {
            row[at + j] = 0;
        }
        return sum;
    }
}
