package io.amalgam.internal.forward;

import io.amalgam.checkpoint.Preparation;
import io.amalgam.checkpoint.TensorSource;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The forward pass of Llama-kind models, layer by layer: every weight is read once for all
 * sequences of a run; of activations those of one layer are held, and of the feed-forward part
 * those of as many tokens as fit {@link #HELD} elements, unless all are asked for.
 */
public final class LlamaForward {
    /** Elements of the feed-forward part's inner activations that are held at a time. */
    private static final int HELD = 1 << 22;

    private static final int TOKENS = 16;

    private final LlamaShape shape;
    private final Map<String, ? extends TensorSource> tensors;
    private final Arithmetic arithmetic;
    private final Rounding rounding;
    private final Preparation.Context context;
    private final long held;

    /** Memory held for so many tokens, in bytes, where their inner activations are cut to fit. */
    public static long bytesHeld(LlamaShape shape, long tokens, long inner) {
        return bytes(shape, tokens, Math.max(inner, Math.min(tokens * inner, HELD)));
    }

    /** Memory held for so many tokens, in bytes, where each weight is read once. */
    public static long bytesAtOnce(LlamaShape shape, long tokens, long inner) {
        return bytes(shape, tokens, tokens * inner);
    }

    /**
     * Some ten arrays of the width of the residual stream or of attention, and four of the
     * feed-forward part's.
     */
    private static long bytes(LlamaShape shape, long tokens, long innerElements) {
        long wide = Math.max(shape.hidden(), (long) shape.heads() * shape.headDim());
        return Float.BYTES * (10 * tokens * wide + 4 * innerElements);
    }

    /** Hears of each layer's input. */
    @FunctionalInterface
    public interface States {
        /** Hears nothing. */
        States NONE = (layer, states) -> {};

        /**
         * @param states [tokens, width] of all sequences, one after the other
         */
        void enter(int layer, float[] states) throws IOException;
    }

    private LlamaForward(
            LlamaShape shape,
            Map<String, ? extends TensorSource> tensors,
            Arithmetic arithmetic,
            Preparation.Context context,
            long held) {
        this.shape = shape;
        this.tensors = tensors;
        this.arithmetic = arithmetic;
        this.rounding = arithmetic.rounding();
        this.context = context;
        this.held = held;
    }

    /** A pass that holds little, and reads weights of the feed-forward part as often as it must. */
    public static LlamaForward holdingLittle(
            LlamaShape shape,
            Map<String, ? extends TensorSource> tensors,
            Arithmetic arithmetic,
            Preparation.Context context) {
        return new LlamaForward(shape, tensors, arithmetic, context, HELD);
    }

    /** A pass that reads each weight once. */
    public static LlamaForward readingOnce(
            LlamaShape shape,
            Map<String, ? extends TensorSource> tensors,
            Arithmetic arithmetic,
            Preparation.Context context) {
        return new LlamaForward(shape, tensors, arithmetic, context, Long.MAX_VALUE);
    }

    /**
     * Runs the first layers.
     *
     * @param layers how many of them; the listener hears of the input of one more
     * @return the residual stream after them, [tokens, width]
     */
    public float[] run(List<int[]> sequences, int layers, States listener) throws IOException {
        List<Integer> ends = new ArrayList<>();
        int tokens = 0;
        for (int[] sequence : sequences) {
            tokens += sequence.length;
            ends.add(tokens);
        }
        List<Rotary.Table> tables = tables(sequences);
        float[] x = embed(sequences, tokens);
        listener.enter(0, x);
        for (int layer = 0; layer < layers; layer++) {
            Layer current = new Layer(layer, ends);
            current.attend(x, tables);
            current.feedForward(x);
            listener.enter(layer + 1, x);
        }
        return x;
    }

    /** The final norm, in place. */
    public void finish(float[] x) throws IOException {
        norm(x, shape.hidden(), "model.norm.weight");
    }

    /** A table for each sequence; those of one length share one. */
    private List<Rotary.Table> tables(List<int[]> sequences) {
        List<Rotary.Table> tables = new ArrayList<>();
        for (int s = 0; s < sequences.size(); s++) {
            int length = sequences.get(s).length;
            boolean same = s > 0 && sequences.get(s - 1).length == length;
            tables.add(same ? tables.get(s - 1) : shape.rotary().table(length, rounding));
        }
        return tables;
    }

    private TensorSource tensor(String name) {
        TensorSource tensor = tensors.get(name);
        if (tensor == null) {
            throw new IllegalStateException("checked when planned: " + name);
        }
        return tensor;
    }

    private float[] embed(List<int[]> sequences, int tokens) throws IOException {
        TensorSource embedding = tensor("model.embed_tokens.weight");
        int width = shape.hidden();
        float[] x = new float[tokens * width];
        float[] row = new float[width];
        int at = 0;
        for (int[] sequence : sequences) {
            for (int token : sequence) {
                Weights.read(
                        embedding, (long) token * width, row, width, rounding, context.workspace());
                System.arraycopy(row, 0, x, at, width);
                at += width;
            }
        }
        return x;
    }

    /** Root mean square norm of each run of {@code width} elements. */
    private void norm(float[] x, int width, String name) throws IOException {
        float[] weight = Weights.vector(tensor(name), rounding, context.workspace());
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

    /** One layer's work on the residual stream, which it changes. */
    private final class Layer {
        private final int number;
        private final String prefix;
        private final List<Integer> ends;
        private final int tokens;

        Layer(int number, List<Integer> ends) {
            this.number = number;
            this.prefix = "model.layers." + number + ".";
            this.ends = ends;
            this.tokens = ends.isEmpty() ? 0 : ends.get(ends.size() - 1);
        }

        void attend(float[] x, List<Rotary.Table> tables) throws IOException {
            float[] normed = x.clone();
            norm(normed, shape.hidden(), prefix + "input_layernorm.weight");
            float[] q = linear("self_attn.q_proj", normed, ends);
            float[] k = linear("self_attn.k_proj", normed, ends);
            float[] v = linear("self_attn.v_proj", normed, ends);
            if (tensors.containsKey(prefix + "self_attn.q_norm.weight")) {
                norm(q, shape.headDim(), prefix + "self_attn.q_norm.weight");
                norm(k, shape.headDim(), prefix + "self_attn.k_norm.weight");
            }
            int start = 0;
            for (int s = 0; s < ends.size(); s++) {
                int first = start;
                Rotary.Table table = tables.get(s);
                context.forRanges(
                        ends.get(s) - start,
                        TOKENS,
                        (from, to, own) -> {
                            for (int i = from; i < to; i++) {
                                rotate(q, (first + i) * shape.heads(), shape.heads(), table, i);
                                rotate(
                                        k,
                                        (first + i) * shape.keyHeads(),
                                        shape.keyHeads(),
                                        table,
                                        i);
                            }
                        });
                start = ends.get(s);
            }
            float[] mixed = arithmetic.attend(shape, shape.windows().get(number), q, k, v, ends);
            add(x, linear("self_attn.o_proj", mixed, ends), 0);
        }

        void feedForward(float[] x) throws IOException {
            float[] normed = x.clone();
            norm(normed, shape.hidden(), prefix + "post_attention_layernorm.weight");
            int inner = (int) tensor(prefix + "mlp.up_proj.weight").info().shape().dim(0);
            if (held / inner >= tokens) {
                add(x, feedForward(normed, inner, ends), 0);
                return;
            }
            int chunk = (int) Math.max(1, held / inner);
            for (int from = 0; from < tokens; from += chunk) {
                int n = Math.min(chunk, tokens - from);
                int begin = from * shape.hidden();
                float[] part = Arrays.copyOfRange(normed, begin, begin + n * shape.hidden());
                add(x, feedForward(part, inner, List.of(n)), begin);
            }
        }

        private float[] feedForward(float[] x, int inner, List<Integer> some) throws IOException {
            float[] gate = linear("mlp.gate_proj", x, some);
            float[] up = linear("mlp.up_proj", x, some);
            context.forRanges(
                    gate.length / inner,
                    TOKENS,
                    (from, to, own) -> {
                        for (int i = from * inner; i < to * inner; i++) {
                            float act = rounding.round(arithmetic.silu(gate[i]));
                            up[i] = rounding.round(act * up[i]);
                        }
                    });
            return linear("mlp.down_proj", up, some);
        }

        private float[] linear(String module, float[] x, List<Integer> some) throws IOException {
            Optional<TensorSource> bias =
                    Optional.ofNullable(tensors.get(prefix + module + ".bias"));
            return arithmetic.linear(tensor(prefix + module + ".weight"), bias, x, some);
        }

        private void add(float[] x, float[] y, int at) {
            for (int i = 0; i < y.length; i++) {
                x[at + i] = rounding.round(x[at + i] + y[i]);
            }
        }

        /** Turns heads by their token's position: element i with element i + half. */
        private void rotate(float[] x, int firstHead, int heads, Rotary.Table table, int position) {
            int half = shape.headDim() / 2;
            for (int head = 0; head < heads; head++) {
                for (int i = 0; i < half; i++) {
                    float cos = table.cos()[position * half + i];
                    float sin = table.sin()[position * half + i];
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
            return rounding.round(rounding.round(x * cos) + rounding.round(other * sin));
        }
    }
}
