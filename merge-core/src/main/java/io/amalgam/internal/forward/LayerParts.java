package io.amalgam.internal.forward;

import io.amalgam.checkpoint.Preparation;
import io.amalgam.checkpoint.TensorSource;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What layers are made of: norms, linear layers, positions, gates. */
record LayerParts(
        LlamaShape shape,
        Map<String, ? extends TensorSource> tensors,
        Arithmetic arithmetic,
        Preparation.Context context) {
    private static final int TOKENS = 16;

    TensorSource tensor(String name) {
        TensorSource tensor = tensors.get(name);
        if (tensor == null) {
            throw new IllegalStateException("checked when planned: " + name);
        }
        return tensor;
    }

    /** A tensor of one dimension. */
    float[] vector(String name) throws IOException {
        return Weights.vector(tensor(name), arithmetic.rounding(), context.workspace());
    }

    /** A linear layer of some sequences. */
    float[] linear(String module, float[] x, List<Integer> ends) throws IOException {
        Optional<TensorSource> bias = Optional.ofNullable(tensors.get(module + ".bias"));
        return arithmetic.linear(tensor(module + ".weight"), bias, x, ends);
    }

    /** A copy after {@link #norm}. */
    float[] normed(float[] x, int width, String name) throws IOException {
        float[] normed = x.clone();
        norm(normed, width, name);
        return normed;
    }

    /** Root mean square norm of each run of {@code width} elements. */
    void norm(float[] x, int width, String name) throws IOException {
        Rounding rounding = arithmetic.rounding();
        float[] weight = vector(name);
        context.forRanges(
                x.length / width,
                TOKENS,
                (first, last, own) -> {
                    for (int from = first * width; from < last * width; from += width) {
                        double sum = 0;
                        for (int i = 0; i < width; i++) {
                            sum += (double) x[from + i] * x[from + i];
                        }
                        float scale = (float) (1 / Math.sqrt((float) (sum / width) + shape.eps()));
                        for (int i = 0; i < width; i++) {
                            float normed = rounding.round(x[from + i] * scale);
                            x[from + i] = rounding.round(normed * weight[i]);
                        }
                    }
                });
    }

    /** Whether heads of queries and keys have norms of their own. */
    boolean headNorms(String prefix) {
        return tensors.containsKey(prefix + "self_attn.q_norm.weight");
    }

    /** Norms of heads, where there are any, and positions, in place. */
    void positioned(
            String prefix, float[] q, float[] k, List<Integer> ends, List<Rotary.Table> tables)
            throws IOException {
        if (headNorms(prefix)) {
            norm(q, shape.headDim(), prefix + "self_attn.q_norm.weight");
            norm(k, shape.headDim(), prefix + "self_attn.k_norm.weight");
        }
        turn(q, k, ends, tables, 1);
    }

    /**
     * Turns the heads of queries and keys by their positions, in place.
     *
     * @param direction 1, or -1 for what gradients are turned by
     */
    void turn(float[] q, float[] k, List<Integer> ends, List<Rotary.Table> tables, int direction)
            throws IOException {
        int start = 0;
        for (int s = 0; s < ends.size(); s++) {
            int first = start;
            Rotary.Table table = tables.get(s);
            int heads = shape.heads();
            int keyHeads = shape.keyHeads();
            context.forRanges(
                    ends.get(s) - start,
                    TOKENS,
                    (from, to, own) -> {
                        for (int i = from; i < to; i++) {
                            rotate(q, (first + i) * heads, heads, table, i, direction);
                            rotate(k, (first + i) * keyHeads, keyHeads, table, i, direction);
                        }
                    });
            start = ends.get(s);
        }
    }

    /** Turns heads by their token's position: element i with element i + half. */
    private void rotate(
            float[] x, int firstHead, int heads, Rotary.Table table, int position, int direction) {
        int half = shape.headDim() / 2;
        for (int head = 0; head < heads; head++) {
            for (int i = 0; i < half; i++) {
                float cos = table.cos()[position * half + i];
                float sin = direction * table.sin()[position * half + i];
                int a = (firstHead + head) * shape.headDim() + i;
                int b = a + half;
                float left = x[a];
                float right = x[b];
                x[a] = turned(left, cos, -right, sin);
                x[b] = turned(right, cos, left, sin);
            }
        }
    }

    private float turned(float x, float cos, float other, float sin) {
        Rounding rounding = arithmetic.rounding();
        return rounding.round(rounding.round(x * cos) + rounding.round(other * sin));
    }

    /** {@code silu(gate) * up}, in place of the latter. */
    void gated(float[] gate, float[] up) throws IOException {
        Rounding rounding = arithmetic.rounding();
        context.forRanges(
                gate.length,
                1 << 14,
                (from, to, own) -> {
                    for (int i = from; i < to; i++) {
                        float act = rounding.round(arithmetic.silu(gate[i]));
                        up[i] = rounding.round(act * up[i]);
                    }
                });
    }
}
