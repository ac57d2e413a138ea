package io.amalgam.internal.structure.moe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.util.List;

/**
 * The parameters of a forward pass from a model's configuration: Llama, Mistral, Qwen 2 and 3.
 *
 * @param eps of the norms
 * @param inverseFrequencies of rotary positions, half a head long
 * @param window positions a token sees; 0 for all
 */
record LlamaShape(
        int layers,
        int hidden,
        int heads,
        int keyHeads,
        int headDim,
        float eps,
        float[] inverseFrequencies,
        int window) {

    /**
     * @param model what the user calls it
     * @throws BadInputException if a setting is missing, or one that is not known
     */
    static LlamaShape of(ObjectNode config, int layers, String model) {
        int hidden = number(config, "hidden_size", 0, model);
        int heads = number(config, "num_attention_heads", 0, model);
        int keyHeads = number(config, "num_key_value_heads", heads, model);
        int headDim = number(config, "head_dim", hidden / heads, model);
        if (heads % keyHeads != 0 || headDim % 2 != 0) {
            throw bad(model, "num_key_value_heads", "a divisor of " + heads, "" + keyHeads);
        }
        String act = config.path("hidden_act").asText("silu");
        if (!act.equals("silu")) {
            throw bad(model, "hidden_act", "'silu'", "'" + act + "'");
        }
        float eps = (float) config.path("rms_norm_eps").asDouble(1e-6);
        boolean windowed = config.path("use_sliding_window").asBoolean(true);
        int window = windowed ? config.path("sliding_window").asInt(0) : 0;
        return new LlamaShape(
                layers,
                hidden,
                heads,
                keyHeads,
                headDim,
                eps,
                frequencies(config, headDim, model),
                window);
    }

    private static int number(ObjectNode config, String key, int otherwise, String model) {
        int value = config.path(key).asInt(otherwise);
        if (value < 1) {
            throw bad(model, key, "a whole number from 1 up", config.path(key).toString());
        }
        return value;
    }

    private static BadInputException bad(String model, String key, String expected, String found) {
        return new BadInputException(
                Problem.expected(
                                "'" + key + "' in config.json of model '" + model + "'",
                                expected,
                                found.isEmpty() ? "nothing" : found)
                        .hint(
                                "hidden gates run Llama, Mistral and Qwen models only: set 'gate_mode: cheap_embed' or 'random'"));
    }

    private static float[] frequencies(ObjectNode config, int headDim, String model) {
        // Of late all about positions is in 'rope_parameters'; before, a part was in
        // 'rope_scaling'.
        JsonNode scaling =
                config.path("rope_parameters").isObject()
                        ? config.path("rope_parameters")
                        : config.path("rope_scaling");
        double theta =
                scaling.path("rope_theta").asDouble(config.path("rope_theta").asDouble(10000));
        String type = scaling.path("rope_type").asText(scaling.path("type").asText("default"));
        if (!List.of("default", "linear", "llama3").contains(type)) {
            throw bad(model, "rope_type", "one of default, linear, llama3", "'" + type + "'");
        }
        float[] frequencies = new float[headDim / 2];
        for (int i = 0; i < frequencies.length; i++) {
            double frequency = 1 / StrictMath.pow(theta, 2.0 * i / headDim);
            frequencies[i] =
                    (float)
                            switch (type) {
                                case "linear" -> frequency / scaling.path("factor").asDouble(1);
                                case "llama3" -> llama3(frequency, scaling);
                                default -> frequency;
                            };
        }
        return frequencies;
    }

    /** Long waves are stretched, short ones stay, those between are mixed. */
    private static double llama3(double frequency, JsonNode scaling) {
        double factor = scaling.path("factor").asDouble(8);
        double low = scaling.path("low_freq_factor").asDouble(1);
        double high = scaling.path("high_freq_factor").asDouble(4);
        double trained = scaling.path("original_max_position_embeddings").asDouble(8192);
        double turns = trained * frequency / (2 * Math.PI);
        if (turns < low) {
            return frequency / factor;
        }
        if (turns > high) {
            return frequency;
        }
        double share = (turns - low) / (high - low);
        return (1 - share) * frequency / factor + share * frequency;
    }
}
