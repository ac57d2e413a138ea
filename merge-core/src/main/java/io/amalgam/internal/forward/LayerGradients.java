package io.amalgam.internal.forward;

import io.amalgam.internal.forward.AttentionGradients.Streams;
import java.io.IOException;
import java.util.List;

/**
 * The way back through a layer: what happened inside is computed again from its input, and the
 * gradient of its output becomes that of its input.
 */
record LayerGradients(LayerParts parts, LinearGradients gradients, List<Rotary.Table> tables) {
    /**
     * @param x the layer's input, [rows, width]
     * @param output the gradient with respect to the output, which is changed to that of the input
     */
    void run(int layer, float[] x, float[] output) throws IOException {
        String prefix = "model.layers." + layer + ".";
        LlamaShape shape = parts.shape();
        List<Integer> ends = gradients.ends();
        float[] normed = parts.normed(x, shape.hidden(), prefix + "input_layernorm.weight");
        Streams plain =
                new Streams(
                        parts.linear(prefix + "self_attn.q_proj", normed, ends),
                        parts.linear(prefix + "self_attn.k_proj", normed, ends),
                        parts.linear(prefix + "self_attn.v_proj", normed, ends));
        Streams turned = new Streams(plain.q().clone(), plain.k().clone(), plain.v());
        parts.positioned(prefix, turned.q(), turned.k(), ends, tables);
        int window = shape.windows().get(layer);
        float[] mixed =
                parts.arithmetic().attend(shape, window, turned.q(), turned.k(), turned.v(), ends);
        float[] middle = parts.linear(prefix + "self_attn.o_proj", mixed, ends);
        for (int i = 0; i < middle.length; i++) {
            middle[i] += x[i];
        }
        feedForward(prefix, middle, output);
        float[] mixedGradient = new float[mixed.length];
        linear(prefix + "self_attn.o_proj", output, mixed, mixedGradient);
        Streams back = attention(turned, mixedGradient, window);
        parts.turn(back.q(), back.k(), ends, tables, -1);
        if (parts.headNorms(prefix)) {
            headNorm(prefix + "self_attn.q_norm.weight", plain.q(), back.q());
            headNorm(prefix + "self_attn.k_norm.weight", plain.k(), back.k());
        }
        float[] inner = new float[x.length];
        linear(prefix + "self_attn.q_proj", back.q(), normed, inner);
        linear(prefix + "self_attn.k_proj", back.k(), normed, inner);
        linear(prefix + "self_attn.v_proj", back.v(), normed, inner);
        norm(prefix + "input_layernorm.weight", x, inner, output, shape.hidden());
    }

    /** Back through the feed-forward part and around it. */
    private void feedForward(String prefix, float[] x, float[] output) throws IOException {
        int width = parts.shape().hidden();
        List<Integer> ends = gradients.ends();
        String name = prefix + "post_attention_layernorm.weight";
        float[] normed = parts.normed(x, width, name);
        float[] gate = parts.linear(prefix + "mlp.gate_proj", normed, ends);
        float[] up = parts.linear(prefix + "mlp.up_proj", normed, ends);
        float[] product = up.clone();
        parts.gated(gate, product);
        float[] gradient = new float[up.length];
        linear(prefix + "mlp.down_proj", output, product, gradient);
        gate(gate, up, gradient);
        float[] inner = new float[x.length];
        linear(prefix + "mlp.gate_proj", gate, normed, inner);
        linear(prefix + "mlp.up_proj", up, normed, inner);
        norm(name, x, inner, output, width);
    }

    /** Makes gradients of gate and up, in their places. */
    private void gate(float[] gate, float[] up, float[] gradient) throws IOException {
        parts.context()
                .forRanges(
                        gate.length,
                        1 << 14,
                        (from, to, own) -> {
                            for (int i = from; i < to; i++) {
                                float open = 1 / (1 + FastExp.of(-gate[i]));
                                float act = gate[i] * open;
                                float slope = open + act * (1 - open);
                                gate[i] = gradient[i] * up[i] * slope;
                                up[i] = gradient[i] * act;
                            }
                        });
    }

    private Streams attention(Streams at, float[] mixed, int window) throws IOException {
        Streams back = at.zeros();
        List<Integer> ends = gradients.ends();
        int keyHeads = parts.shape().keyHeads();
        parts.context()
                .forRanges(
                        ends.size() * keyHeads,
                        1,
                        (from, to, own) -> {
                            for (int item = from; item < to; item++) {
                                int s = item / keyHeads;
                                int start = s == 0 ? 0 : ends.get(s - 1);
                                int length = ends.get(s) - start;
                                parts.context().checkCancelled();
                                try (AttentionGradients attention =
                                        new AttentionGradients(
                                                parts.shape(), window, start, length)) {
                                    attention.run(at, mixed, back, item % keyHeads);
                                }
                            }
                        });
        return back;
    }

    /** Squares of a linear layer's gradients; that of its inputs is added to what is there. */
    private void linear(String module, float[] output, float[] x, float[] input)
            throws IOException {
        int rows = gradients.rows();
        int out = output.length / rows;
        gradients.weight(module + ".weight", output, out, x, x.length / rows);
        if (parts.tensors().containsKey(module + ".bias")) {
            gradients.vector(module + ".bias", output, out);
        }
        gradients.inputs(parts.tensor(module + ".weight"), output, input);
    }

    /** In place: the gradient of what a norm puts out becomes that of what it takes in. */
    private void headNorm(String name, float[] x, float[] gradient) throws IOException {
        float[] input = new float[x.length];
        norm(name, x, gradient, input, parts.shape().headDim());
        System.arraycopy(input, 0, gradient, 0, input.length);
    }

    /**
     * Back through a norm.
     *
     * @param x what goes in
     * @param output the gradient with respect to what comes out; spent
     * @param input gets the gradient with respect to x, added to what is there
     */
    void norm(String name, float[] x, float[] output, float[] input, int width) throws IOException {
        float[] weight = parts.vector(name);
        float eps = parts.shape().eps();
        parts.context()
                .forRanges(
                        x.length / width,
                        16,
                        (first, last, own) -> {
                            for (int at = first * width; at < last * width; at += width) {
                                double sum = 0;
                                double along = 0;
                                for (int i = 0; i < width; i++) {
                                    sum += (double) x[at + i] * x[at + i];
                                    along += (double) output[at + i] * weight[i] * x[at + i];
                                }
                                double mean = sum / width + eps;
                                double scale = 1 / Math.sqrt(mean);
                                along /= mean * width;
                                for (int i = 0; i < width; i++) {
                                    double g = (double) output[at + i] * weight[i];
                                    input[at + i] += (float) (scale * (g - along * x[at + i]));
                                    output[at + i] *= (float) (x[at + i] * scale);
                                }
                            }
                        });
        gradients.vector(name, output, width);
    }
}
