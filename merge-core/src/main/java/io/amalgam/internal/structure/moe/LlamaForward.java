package io.amalgam.internal.structure.moe;

import io.amalgam.checkpoint.Preparation;
import io.amalgam.checkpoint.TensorSource;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The forward pass of Llama-family models, layer by layer: of weights a row is held, of activations
 * those of all tokens for one layer, and of the feed-forward part those of as many tokens as fit
 * {@link #HELD} elements.
 */
final class LlamaForward {
    /** Elements of the feed-forward part's inner activations that are held at a time. */
    private static final int HELD = 1 << 22;

    private final LlamaShape shape;
    private final Map<String, ? extends TensorSource> tensors;
    private final Rounding rounding;

    /**
     * Memory held for so many tokens, in bytes: some ten arrays of the width of the residual stream
     * or of attention, and four of the feed-forward part's.
     */
    static long bytesHeld(LlamaShape shape, long tokens, long inner) {
        long wide = Math.max(shape.hidden(), (long) shape.heads() * shape.headDim());
        return Float.BYTES
                * (10 * tokens * wide + 4 * Math.max(inner, Math.min(tokens * inner, HELD)));
    }

    /** Hears of each layer's input. */
    @FunctionalInterface
    interface States {
        /**
         * @param states [tokens, width] of all prompts, one after the other
         */
        void enter(int layer, float[] states);
    }

    LlamaForward(LlamaShape shape, Map<String, ? extends TensorSource> tensors, Rounding rounding) {
        this.shape = shape;
        this.tensors = tensors;
        this.rounding = rounding;
    }

    /**
     * Runs up to the input of the last layer.
     *
     * @param context gives the workers and stops
     */
    void run(List<int[]> prompts, Preparation.Context context, States listener) throws IOException {
        MatrixProduct product = new MatrixProduct(rounding, context);
        int tokens = prompts.stream().mapToInt(prompt -> prompt.length).sum();
        float[] x = embed(prompts, tokens, product);
        listener.enter(0, x);
        for (int layer = 0; layer < shape.layers() - 1; layer++) {
            Layer current = new Layer("model.layers." + layer + ".", product, tokens);
            current.attend(x, prompts);
            current.feedForward(x);
            listener.enter(layer + 1, x);
        }
    }

    private TensorSource tensor(String name) {
        TensorSource tensor = tensors.get(name);
        if (tensor == null) {
            throw new IllegalStateException("checked when planned: " + name);
        }
        return tensor;
    }

    private float[] embed(List<int[]> prompts, int tokens, MatrixProduct product)
            throws IOException {
        TensorSource embedding = tensor("model.embed_tokens.weight");
        int width = shape.hidden();
        float[] x = new float[tokens * width];
        float[] row = new float[width];
        int at = 0;
        for (int[] prompt : prompts) {
            for (int token : prompt) {
                product.read(embedding, (long) token * width, row, width);
                System.arraycopy(row, 0, x, at, width);
                at += width;
            }
        }
        return x;
    }

    /** One layer's work on the residual stream, which it changes. */
    private final class Layer {
        private final String prefix;
        private final MatrixProduct product;
        private final int tokens;

        Layer(String prefix, MatrixProduct product, int tokens) {
            this.prefix = prefix;
            this.product = product;
            this.tokens = tokens;
        }

        void attend(float[] x, List<int[]> prompts) throws IOException {
            float[] normed = x.clone();
            norm(normed, shape.hidden(), "input_layernorm.weight");
            float[] q = linear("self_attn.q_proj", normed, tokens);
            float[] k = linear("self_attn.k_proj", normed, tokens);
            float[] v = linear("self_attn.v_proj", normed, tokens);
            if (tensors.containsKey(prefix + "self_attn.q_norm.weight")) {
                norm(q, shape.headDim(), "self_attn.q_norm.weight");
                norm(k, shape.headDim(), "self_attn.k_norm.weight");
            }
            float[] out = new float[tokens * shape.heads() * shape.headDim()];
            int start = 0;
            for (int[] prompt : prompts) {
                for (int i = 0; i < prompt.length; i++) {
                    rotate(q, (start + i) * shape.heads(), shape.heads(), i);
                    rotate(k, (start + i) * shape.keyHeads(), shape.keyHeads(), i);
                }
                for (int head = 0; head < shape.heads(); head++) {
                    head(head, q, k, v, out, start, prompt.length);
                }
                start += prompt.length;
            }
            add(x, linear("self_attn.o_proj", out, tokens), 0);
        }

        void feedForward(float[] x) throws IOException {
            float[] normed = x.clone();
            norm(normed, shape.hidden(), "post_attention_layernorm.weight");
            int inner = (int) tensor(prefix + "mlp.up_proj.weight").info().shape().dim(0);
            int chunk = Math.max(1, HELD / inner);
            for (int from = 0; from < tokens; from += chunk) {
                int n = Math.min(chunk, tokens - from);
                int begin = from * shape.hidden();
                float[] part = Arrays.copyOfRange(normed, begin, begin + n * shape.hidden());
                float[] gate = linear("mlp.gate_proj", part, n);
                float[] up = linear("mlp.up_proj", part, n);
                for (int i = 0; i < gate.length; i++) {
                    float act = (float) (gate[i] / (1 + StrictMath.exp(-gate[i])));
                    up[i] = rounding.round(rounding.round(act) * up[i]);
                }
                add(x, linear("mlp.down_proj", up, n), begin);
            }
        }

        private float[] linear(String module, float[] x, int rows) throws IOException {
            Optional<TensorSource> bias =
                    Optional.ofNullable(tensors.get(prefix + module + ".bias"));
            return product.apply(tensor(prefix + module + ".weight"), bias, x, rows);
        }

        private void add(float[] x, float[] y, int at) {
            for (int i = 0; i < y.length; i++) {
                x[at + i] = rounding.round(x[at + i] + y[i]);
            }
        }

        /** Root mean square norm of each run of {@code width} elements. */
        private void norm(float[] x, int width, String name) throws IOException {
            float[] weight = product.vector(tensor(prefix + name));
            for (int from = 0; from < x.length; from += width) {
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
        }

        /** Turns heads by their token's position: element i with element i + half. */
        private void rotate(float[] x, int firstHead, int heads, int position) {
            int half = shape.headDim() / 2;
            for (int i = 0; i < half; i++) {
                float angle = position * shape.inverseFrequencies()[i];
                float cos = rounding.round((float) StrictMath.cos(angle));
                float sin = rounding.round((float) StrictMath.sin(angle));
                for (int head = 0; head < heads; head++) {
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

        /** Causal attention of one head over one prompt. */
        private void head(
                int head, float[] q, float[] k, float[] v, float[] out, int start, int length) {
            int dim = shape.headDim();
            int keyHead = head / (shape.heads() / shape.keyHeads());
            float scale = (float) (1 / Math.sqrt(dim));
            double[] scores = new double[length];
            for (int i = 0; i < length; i++) {
                int from = shape.window() > 0 ? Math.max(0, i - shape.window() + 1) : 0;
                int query = ((start + i) * shape.heads() + head) * dim;
                double most = Double.NEGATIVE_INFINITY;
                for (int j = from; j <= i; j++) {
                    int key = ((start + j) * shape.keyHeads() + keyHead) * dim;
                    double dot = 0;
                    for (int d = 0; d < dim; d++) {
                        dot += (double) q[query + d] * k[key + d];
                    }
                    scores[j] = dot * scale;
                    most = Math.max(most, scores[j]);
                }
                double sum = 0;
                for (int j = from; j <= i; j++) {
                    scores[j] = StrictMath.exp(scores[j] - most);
                    sum += scores[j];
                }
                for (int d = 0; d < dim; d++) {
                    double mixed = 0;
                    for (int j = from; j <= i; j++) {
                        int value = ((start + j) * shape.keyHeads() + keyHead) * dim;
                        mixed += rounding.round((float) scores[j]) * v[value + d];
                    }
                    out[query + d] = rounding.round((float) (mixed / sum));
                }
            }
        }
    }
}
