package io.amalgam.internal.forward;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/** One layer's work on the residual stream, which it changes. */
final class LlamaLayer {
    private final LayerParts parts;
    private final LlamaShape shape;
    private final Rounding rounding;
    private final long held;
    private final int number;
    private final String prefix;
    private final List<Integer> ends;
    private final int tokens;

    LlamaLayer(LayerParts parts, int number, List<Integer> ends, long held) {
        this.parts = parts;
        this.shape = parts.shape();
        this.rounding = parts.arithmetic().rounding();
        this.held = held;
        this.number = number;
        this.prefix = "model.layers." + number + ".";
        this.ends = ends;
        this.tokens = ends.isEmpty() ? 0 : ends.get(ends.size() - 1);
    }

    void attend(float[] x, List<Rotary.Table> tables) throws IOException {
        float[] normed = parts.normed(x, shape.hidden(), prefix + "input_layernorm.weight");
        float[] q = parts.linear(prefix + "self_attn.q_proj", normed, ends);
        float[] k = parts.linear(prefix + "self_attn.k_proj", normed, ends);
        float[] v = parts.linear(prefix + "self_attn.v_proj", normed, ends);
        parts.positioned(prefix, q, k, ends, tables);
        float[] mixed =
                parts.arithmetic().attend(shape, shape.windows().get(number), q, k, v, ends);
        add(x, parts.linear(prefix + "self_attn.o_proj", mixed, ends), 0);
    }

    void feedForward(float[] x) throws IOException {
        float[] normed =
                parts.normed(x, shape.hidden(), prefix + "post_attention_layernorm.weight");
        int inner = (int) parts.tensor(prefix + "mlp.up_proj.weight").info().shape().dim(0);
        if (held / inner >= tokens) {
            add(x, feedForward(normed, ends), 0);
            return;
        }
        int chunk = (int) Math.max(1, held / inner);
        for (int from = 0; from < tokens; from += chunk) {
            int n = Math.min(chunk, tokens - from);
            int begin = from * shape.hidden();
            float[] part = Arrays.copyOfRange(normed, begin, begin + n * shape.hidden());
            add(x, feedForward(part, List.of(n)), begin);
        }
    }

    private float[] feedForward(float[] x, List<Integer> some) throws IOException {
        float[] gate = parts.linear(prefix + "mlp.gate_proj", x, some);
        float[] up = parts.linear(prefix + "mlp.up_proj", x, some);
        parts.gated(gate, up);
        return parts.linear(prefix + "mlp.down_proj", up, some);
    }

    private void add(float[] x, float[] y, int at) {
        for (int i = 0; i < y.length; i++) {
            x[at + i] = rounding.round(x[at + i] + y[i]);
        }
    }
}
