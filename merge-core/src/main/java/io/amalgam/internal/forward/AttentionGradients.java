package io.amalgam.internal.forward;

import java.util.Arrays;
import org.bytedeco.javacpp.FloatPointer;

/**
 * The gradients of causal attention, for the query heads that share a key head, over one sequence.
 * Scores are computed again, for a block of queries at a time, in order.
 */
final class AttentionGradients implements AutoCloseable {
    private static final int QUERIES = 128;

    private final LlamaShape shape;
    private final HeadRows rows;
    private final int length;
    private final int dim;
    private final FloatPointer keys;
    private final FloatPointer values;
    private final FloatPointer keyGradients;
    private final FloatPointer valueGradients;
    private final FloatPointer queries;
    private final FloatPointer outputs;
    private final FloatPointer seenBy;
    private final FloatPointer seenGradients;
    private final FloatPointer queryGradients;

    /** What one holds, in bytes, outside of the heap and in it. */
    static long bytesHeld(int length, int dim) {
        return 2L * Float.BYTES * (4L * length * dim + 3L * QUERIES * dim + 2L * QUERIES * length);
    }

    AttentionGradients(LlamaShape shape, int window, int start, int length) {
        this.shape = shape;
        this.rows = new HeadRows(shape.headDim(), window, start);
        this.length = length;
        this.dim = shape.headDim();
        long all = (long) length * dim;
        long block = (long) QUERIES * dim;
        this.keys = new FloatPointer(all);
        this.values = new FloatPointer(all);
        this.keyGradients = new FloatPointer(all);
        this.valueGradients = new FloatPointer(all);
        this.queries = new FloatPointer(block);
        this.outputs = new FloatPointer(block);
        this.queryGradients = new FloatPointer(block);
        this.seenBy = new FloatPointer((long) QUERIES * length);
        this.seenGradients = new FloatPointer((long) QUERIES * length);
    }

    /** Queries, keys and values of all heads, or gradients with respect to them. */
    record Streams(float[] q, float[] k, float[] v) {
        /** Zeros of the same sizes. */
        Streams zeros() {
            return new Streams(new float[q.length], new float[k.length], new float[v.length]);
        }
    }

    /**
     * @param at what went in
     * @param mixed the gradient with respect to what came out
     * @param gradients get the parts of these heads
     */
    void run(Streams at, float[] mixed, Streams gradients, int keyHead) {
        int keyHeads = shape.keyHeads();
        keys.put(rows.of(at.k(), keyHeads, keyHead, 0, length));
        values.put(rows.of(at.v(), keyHeads, keyHead, 0, length));
        keyGradients.put(new float[length * dim]);
        valueGradients.put(new float[length * dim]);
        int shared = shape.heads() / keyHeads;
        for (int head = keyHead * shared; head < (keyHead + 1) * shared; head++) {
            for (int from = 0; from < length; from += QUERIES) {
                int n = Math.min(QUERIES, length - from);
                queries.put(rows.of(at.q(), shape.heads(), head, from, n));
                outputs.put(rows.of(mixed, shape.heads(), head, from, n));
                block(from, n);
                spread(queryGradients, gradients.q(), shape.heads(), head, from, n);
            }
        }
        spread(keyGradients, gradients.k(), keyHeads, keyHead, 0, length);
        spread(valueGradients, gradients.v(), keyHeads, keyHead, 0, length);
    }

    private void block(int from, int n) {
        // Later keys are not seen.
        int seen = from + n;
        float[] shares = new float[n * seen];
        float[] changes = new float[n * seen];
        Gemm.transposed(queries, keys, seenBy, n, seen, dim);
        seenBy.get(shares);
        Gemm.transposed(outputs, values, seenGradients, n, seen, dim);
        seenGradients.get(changes);
        for (int i = 0; i < n; i++) {
            softmaxGradient(shares, changes, i * seen, from + i, seen);
        }
        seenBy.put(shares);
        seenGradients.put(changes);
        Gemm.addProducts(seenBy, outputs, valueGradients, seen, dim, n, seen, 1);
        Gemm.plain(seenGradients, keys, queryGradients, n, dim, seen, seen);
        Gemm.addProducts(seenGradients, queries, keyGradients, seen, dim, n, seen, 1);
    }

    /** Makes shares of scores, and the gradient of scores of that of shares. */
    private void softmaxGradient(float[] row, float[] gradient, int at, int query, int seen) {
        double sum = rows.softmax(row, at, query, seen);
        double mean = 0;
        for (int j = rows.first(query); j <= query; j++) {
            row[at + j] = (float) (row[at + j] / sum);
            mean += (double) row[at + j] * gradient[at + j];
        }
        float scale = rows.scale();
        Arrays.fill(gradient, at, at + rows.first(query), 0);
        for (int j = rows.first(query); j <= query; j++) {
            gradient[at + j] = (float) (row[at + j] * (gradient[at + j] - mean) * scale);
        }
        Arrays.fill(gradient, at + query + 1, at + seen, 0);
    }

    private void spread(FloatPointer from, float[] to, int heads, int head, int first, int n) {
        float[] all = new float[n * dim];
        from.get(all);
        for (int i = 0; i < n; i++) {
            System.arraycopy(all, i * dim, to, rows.at(heads, head, first + i), dim);
        }
    }

    @Override
    public void close() {
        keys.close();
        values.close();
        keyGradients.close();
        valueGradients.close();
        queries.close();
        outputs.close();
        queryGradients.close();
        seenBy.close();
        seenGradients.close();
    }
}
