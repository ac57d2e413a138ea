package io.amalgam.internal.forward;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.BadInputException;
import io.amalgam.internal.config.ConfigNumbers;
import java.util.List;

/**
 * The parameters of a forward pass from a model's configuration: Llama, Mistral, Qwen 2 and 3.
 *
 * @param eps of the norms
 * @param windows positions that each layer sees; 0 for all
 */
public record LlamaShape(
        int layers,
        int hidden,
        int heads,
        int keyHeads,
        int headDim,
        float eps,
        Rotary rotary,
        List<Integer> windows) {
    /** Values of {@code model_type} whose pass this is. */
    public static final List<String> TYPES = List.of("llama", "mistral", "qwen2", "qwen3");

    public LlamaShape {
        windows = List.copyOf(windows);
    }

    /**
     * @param model what the user calls it
     * @param hint what to do where it cannot be run
     * @throws BadInputException if a setting is missing, or one that is not known
     */
    public static LlamaShape of(ObjectNode config, int layers, String model, String hint) {
        return new Reader(config, new ConfigNumbers(config, model, hint)).shape(layers);
    }

    /** The longest text the model is made for; 0 if that is not said. */
    public int positions() {
        return rotary.positions();
    }

    private record Reader(ObjectNode config, ConfigNumbers numbers) {
        LlamaShape shape(int layers) {
            String type = config.path("model_type").asText("");
            int hidden = numbers.whole("hidden_size", 1, 0);
            int heads = numbers.whole("num_attention_heads", 1, 0);
            // What a file does not say, the classes of transformers say.
            int keyHeads =
                    numbers.whole(
                            "num_key_value_heads",
                            1,
                            switch (type) {
                                case "mistral" -> 8;
                                case "qwen2", "qwen3" -> 32;
                                default -> heads;
                            });
            int headDim = numbers.whole("head_dim", 1, type.equals("qwen3") ? 128 : hidden / heads);
            if (heads % keyHeads != 0) {
                throw numbers.bad("num_key_value_heads", "a divisor of " + heads, "" + keyHeads);
            }
            if (headDim < 2 || headDim % 2 != 0) {
                throw numbers.bad("head_dim", "an even number", "" + headDim);
            }
            String act = config.path("hidden_act").asText("silu");
            if (!act.equals("silu") && !act.equals("swish")) {
                throw numbers.bad("hidden_act", "'silu'", "'" + act + "'");
            }
            Rotary rotary = Rotary.of(config, headDim, numbers);
            if (!Rotary.TYPES.contains(rotary.type())) {
                throw numbers.bad(
                        "rope_type",
                        "one of " + String.join(", ", Rotary.TYPES),
                        "'" + rotary.type() + "'");
            }
            double partial =
                    numbers.in(rotary.scaling())
                            .number(
                                    "partial_rotary_factor",
                                    numbers.number("partial_rotary_factor", 1));
            if (partial != 1) {
                throw numbers.bad("partial_rotary_factor", "1", "" + partial);
            }
            float eps = (float) numbers.number("rms_norm_eps", 1e-6);
            return new LlamaShape(
                    layers,
                    hidden,
                    heads,
                    keyHeads,
                    headDim,
                    eps,
                    rotary,
                    LayerWindows.of(config, layers, numbers));
        }
    }
}
