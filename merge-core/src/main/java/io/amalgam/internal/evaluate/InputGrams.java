package io.amalgam.internal.evaluate;

import io.amalgam.checkpoint.Preparation;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.engine.EngineOptions;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.engine.ReadingRun;
import io.amalgam.internal.forward.BlasArithmetic;
import io.amalgam.internal.forward.GramArithmetic;
import io.amalgam.internal.forward.LlamaForward;
import io.amalgam.internal.forward.LlamaModel;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Gram matrices of the inputs of a model's linear layers over a text. All windows go through the
 * model together, so that each matrix is whole when its layer is done.
 */
public final class InputGrams {
    /** What names of these statistics end with. */
    public static final String SUFFIX = ".input_gram";

    private final LlamaModel model;
    private final List<int[]> windows;
    private final boolean headed;

    /**
     * @param context tokens of a window
     */
    public InputGrams(LlamaModel model, int context, Domain text) {
        this.model = model;
        this.windows = text.windows(context);
        this.headed = !model.tensors().containsValue(model.head());
    }

    /** Tokens that are measured. */
    public int tokens() {
        return windows.stream().mapToInt(window -> window.length).sum();
    }

    /** The weights whose inputs are measured, each with the length of its inputs. */
    public Map<String, Long> measured() {
        Map<String, Long> measured = new LinkedHashMap<>();
        for (int layer = 0; layer < model.shape().layers(); layer++) {
            for (String module :
                    List.of(
                            "self_attn.q_proj",
                            "self_attn.o_proj",
                            "mlp.gate_proj",
                            "mlp.down_proj")) {
                add(measured, "model.layers." + layer + "." + module + ".weight");
            }
        }
        if (headed) {
            measured.put(model.head().info().name(), model.head().info().shape().dim(1));
        }
        return measured;
    }

    private void add(Map<String, Long> measured, String name) {
        TensorSource weight = model.tensors().get(name);
        if (weight == null) {
            throw new IllegalStateException("checked when opened: " + name);
        }
        measured.put(name, weight.info().shape().dim(1));
    }

    /** Statistics with the values of another: of layers that share their inputs. */
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

    /** What is not finite here is not finite in any merge by it. */
    private static void requireFinite(String weight, float[] rows) {
        for (float value : rows) {
            if (!Float.isFinite(value)) {
                throw new BadInputException(
                        Problem.expected("inputs of '" + weight + "'", "finite numbers", value)
                                .hint("'amalgam check' finds the tensor"));
            }
        }
    }

    private long bytesHeld(int threads) {
        int wide = (int) Math.max(model.inner(), model.shape().hidden());
        return ReadingRun.bytesHeld(threads)
                + LlamaForward.bytesAtOnce(model.shape(), tokens(), model.inner())
                + threads
                        * (BlasArithmetic.bytesPerWorker(wide)
                                + GramArithmetic.bytesPerWorker(wide))
                + (long) Float.BYTES * tokens() * wide;
    }

    /**
     * Runs the model.
     *
     * @throws BadInputException if the text does not fit the memory, or an input is not finite
     */
    public void run(EngineOptions options, Preparation.Context workers, GramArithmetic.Sink sink)
            throws IOException {
        long bytes = bytesHeld(options.threads());
        if (bytes > options.memory()) {
            throw new BadInputException(
                    Problem.expected(
                                    "memory for " + tokens() + " tokens",
                                    "at least " + bytes + " bytes",
                                    options.memory())
                            .hint(
                                    "raise EngineOptions.memory, or use fewer tokens: Domain.limited"));
        }
        GramArithmetic.Sink finite =
                (weight, from, rows) -> {
                    requireFinite(weight, rows);
                    sink.rows(weight, from, rows);
                };
        GramArithmetic arithmetic =
                new GramArithmetic(new BlasArithmetic(workers), workers, finite);
        LlamaForward forward =
                LlamaForward.readingOnce(model.shape(), model.tensors(), arithmetic, workers);
        int layers = model.shape().layers();
        float[] x =
                forward.run(windows, layers, (layer, states) -> workers.progressed(layer, layers));
        if (headed) {
            forward.finish(x);
            arithmetic.measure(model.head().info().name(), x, model.shape().hidden());
        }
    }
}
