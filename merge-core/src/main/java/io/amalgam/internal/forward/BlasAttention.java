package io.amalgam.internal.forward;

import org.bytedeco.javacpp.FloatPointer;

/**
 * Causal attention of the query heads that share a key head, over one sequence: scores of a block
 * of queries at a time.
 */
final class BlasAttention implements AutoCloseable {
    private static final int QUERIES = 128;

    private final LlamaShape shape;
    private final HeadRows rows;
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
        this.rows = new HeadRows(shape.headDim(), window, start);
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
        keys.put(rows.of(k, shape.keyHeads(), keyHead, 0, length));
        values.put(rows.of(v, shape.keyHeads(), keyHead, 0, length));
        int shared = shape.heads() / shape.keyHeads();
        float[] seenBy = new float[QUERIES * length];
        float[] result = new float[QUERIES * dim];
        double[] sums = new double[QUERIES];
        for (int head = keyHead * shared; head < (keyHead + 1) * shared; head++) {
            for (int from = 0; from < length; from += QUERIES) {
                int n = Math.min(QUERIES, length - from);
                // Later keys are not seen.
                int seen = from + n;
                queries.put(rows.of(q, shape.heads(), head, from, n));
                Gemm.transposed(queries, keys, scores, n, seen, dim);
                scores.get(seenBy, 0, n * seen);
                for (int i = 0; i < n; i++) {
                    sums[i] = rows.softmax(seenBy, i * seen, from + i, seen);
                }
                scores.put(seenBy, 0, n * seen);
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

    @Override
    public void close() {
        keys.close();
        values.close();
        queries.close();
        scores.close();
        mixed.close();
    }
}
