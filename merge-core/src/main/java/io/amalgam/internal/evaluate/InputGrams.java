package io.amalgam.internal.evaluate;

import io.amalgam.checkpoint.Preparation;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.engine.EngineOptions;
import io.amalgam.internal.engine.ReadingRun;
import io.amalgam.internal.forward.BlasArithmetic;
import io.amalgam.internal.forward.GramArithmetic;
import io.amalgam.internal.forward.LlamaForward;
import io.amalgam.internal.forward.LlamaModel;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Gram matrices of the inputs of a model's linear layers over a text. As many windows as fit the
 * memory go through the model together; a window's part depends on nothing else, and windows are
 * summed in order.
 */
public final class InputGrams implements Measurement {
    /** What names of these statistics end with. */
    public static final String SUFFIX = ".input_gram";

    private final LlamaModel model;
    private final List<int[]> windows;
    private final boolean headed;

    /**
     * @param context tokens of a window
     */
    public InputGrams(LlamaModel model, int context, Domain text) {
        Windows.check(model, List.of(text));
        this.model = model;
        this.windows = text.windows(context);
        this.headed = !model.tied();
    }

    @Override
    public int tokens() {
        return windows.stream().mapToInt(window -> window.length).sum();
    }

    @Override
    public long examples() {
        return tokens();
    }

    @Override
    public Map<String, Shape> measured() {
        Map<String, Shape> measured = new LinkedHashMap<>();
        for (int layer = 0; layer < model.shape().layers(); layer++) {
            for (String module :
                    List.of(
                            "self_attn.q_proj",
                            "self_attn.o_proj",
                            "mlp.gate_proj",
                            "mlp.down_proj")) {
                add(measured, weight("model.layers." + layer + "." + module + ".weight"));
            }
        }
        if (headed) {
            add(measured, model.head());
        }
        return measured;
    }

    private TensorSource weight(String name) {
        TensorSource weight = model.tensors().get(name);
        if (weight == null) {
            throw new IllegalStateException("checked when opened: " + name);
        }
        return weight;
    }

    private static void add(Map<String, Shape> measured, TensorSource weight) {
        long in = weight.info().shape().dim(1);
        measured.put(weight.info().name() + SUFFIX, Shape.of(in, in));
    }

    /** Of layers that share their inputs. */
    @Override
    public Map<String, String> aliases() {
        Map<String, String> aliases = new LinkedHashMap<>();
        for (int layer = 0; layer < model.shape().layers(); layer++) {
            String prefix = "model.layers." + layer + ".";
            String query = prefix + "self_attn.q_proj.weight" + SUFFIX;
            aliases.put(prefix + "self_attn.k_proj.weight" + SUFFIX, query);
            aliases.put(prefix + "self_attn.v_proj.weight" + SUFFIX, query);
            aliases.put(
                    prefix + "mlp.up_proj.weight" + SUFFIX,
                    prefix + "mlp.gate_proj.weight" + SUFFIX);
        }
        return aliases;
    }

    private long bytesHeld(long tokens, int threads) {
        int wide = (int) Math.max(model.inner(), model.shape().hidden());
        return ReadingRun.bytesHeld(threads)
                + LlamaForward.bytesAtOnce(model.shape(), tokens, model.inner())
                + threads
                        * (BlasArithmetic.bytesPerWorker(wide)
                                + GramArithmetic.bytesPerWorker(wide))
                + Float.BYTES * tokens * wide;
    }

    @Override
    public void run(EngineOptions options, Preparation.Context workers, Sink sink)
            throws IOException {
        List<List<int[]>> batches =
                Windows.batches(
                        windows,
                        window -> window.length,
                        model,
                        options,
                        tokens -> bytesHeld(tokens, options.threads()));
        WindowBatch.each(batches, batch -> measure(batch, workers, sink));
    }

    private void measure(WindowBatch batch, Preparation.Context workers, Sink sink)
            throws IOException {
        int layers = model.shape().layers();
        GramArithmetic arithmetic =
                new GramArithmetic(
                        new BlasArithmetic(workers),
                        workers,
                        (weight, from, sums) ->
                                sink.add(
                                        batch.part(weight + SUFFIX, from, sums)
                                                .requireFinite("inputs of '" + weight + "'")));
        LlamaForward forward =
                LlamaForward.readingOnce(model.shape(), model.tensors(), arithmetic, workers);
        float[] x =
                forward.run(
                        batch.windows(),
                        layers,
                        (layer, states) -> batch.progressed(workers, layer, layers));
        if (headed) {
            forward.finish(x);
            arithmetic.measure(
                    model.head().info().name(),
                    x,
                    model.shape().hidden(),
                    LlamaForward.ends(batch.windows()));
        }
    }
}
