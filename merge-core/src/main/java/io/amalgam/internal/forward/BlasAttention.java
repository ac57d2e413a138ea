package io.amalgam.internal.forward;

import org.bytedeco.javacpp.FloatPointer;

/**
 * Causal attention of the query heads that share a key head, over one sequence: scores of a block
 * of queries at a time.
 */
final class BlasAttention implements AutoCloseable {
    private static final int QUERIES = 128;

    private final LlamaShape shape;
    private final int window;
    private final int start;
    private final int length;
    private final int dim;
    private final FloatPointer keys;
    private final FloatPointer values;
    private final FloatPointer queries;
    private final FloatPointer scores;
    private final FloatPointer mixed;

    BlasAttention(LlamaShape shape, int window, int start, int length) {
        this.shape = shape;
        this.window = window;
        this.start = start;
        this.length = length;
        this.dim = shape.headDim();
        this.keys = new FloatPointer((long) length * dim);
        this.values = new FloatPointer((long) length * dim);
        this.queries = new FloatPointer((long) QUERIES * dim);
        this.scores = new FloatPointer((long) QUERIES * length);
        this.mixed = new FloatPointer((long) QUERIES * dim);
    }

    void run(float[] q, float[] k, float[] v, float[] out, int keyHead) {
        keys.put(head(k, shape.keyHeads(), keyHead, 0, length));
        values.put(head(v, shape.keyHeads(), keyHead, 0, length));
        int shared = shape.heads() / shape.keyHeads();
        float[] rows = new float[QUERIES * length];
        float[] result = new float[QUERIES * dim];
        double[] sums = new double[QUERIES];
        for (int head = keyHead * shared; head < (keyHead + 1) * shared; head++) {
            for (int from = 0; from < length; from += QUERIES) {
                int n = Math.min(QUERIES, length - from);
                // Later keys are not seen.
                int seen = from + n;
                queries.put(head(q, shape.heads(), head, from, n));
                Gemm.transposed(queries, keys, scores, n, seen, dim);
                scores.get(rows, 0, n * seen);
                for (int i = 0; i < n; i++) {
                    sums[i] = softmax(rows, i * seen, from + i, seen);
                }
                scores.put(rows, 0, n * seen);
                Gemm.plain(scores, values, mixed, n, dim, seen, seen);
                mixed.get(result, 0, n * dim);
                for (int i = 0; i < n; i++) {
                    int at = ((start + from + i) * shape.heads() + head) * dim;
                    for (int d = 0; d < dim; d++) {
                        out[at + d] = (float) (result[i * dim + d] / sums[i]);
                    }
                }
            }
        }
    }

    /** Exponentials of what a query sees, 0 elsewhere; returns their sum. */
    private double softmax(float[] row, int at, int query, int seen) {
        float scale = (float) (1 / Math.sqrt(dim));
        int first = window > 0 ? Math.max(0, query - window + 1) : 0;
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

    /** One head of some rows, side by side. */
    private float[] head(float[] x, int heads, int head, int from, int n) {
        float[] rows = new float[n * dim];
        for (int i = 0; i < n; i++) {
            System.arraycopy(x, ((start + from + i) * heads + head) * dim, rows, i * dim, dim);
        }
        return rows;
    }

    @Override
    public void close() {
        keys.close();
        values.close();
        queries.close();
        scores.close();
        mixed.close();
    }
}
