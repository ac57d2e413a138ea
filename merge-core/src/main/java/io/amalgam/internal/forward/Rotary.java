package io.amalgam.internal.forward;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.internal.config.ConfigNumbers;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Rotary positions: the scalings default, linear, dynamic (NTK), llama3 and yarn as transformers
 * computes them.
 *
 * @param type the scaling
 * @param dim of a head
 * @param scaling the settings of the scaling
 * @param positions the longest text the model is made for, where that is said; else 0
 */
record Rotary(String type, int dim, double theta, JsonNode scaling, int positions) {
    static final List<String> TYPES = List.of("default", "linear", "dynamic", "llama3", "yarn");

    /** What else scalings read. */
    private static final List<String> NUMBERS =
            List.of(
                    "factor",
                    "attention_factor",
                    "mscale",
                    "mscale_all_dim",
                    "original_max_position_embeddings",
                    "low_freq_factor",
                    "high_freq_factor",
                    "beta_fast",
                    "beta_slow");

    static Rotary of(ObjectNode config, int dim, ConfigNumbers numbers) {
        // Of late all about positions is in 'rope_parameters'; before, a part was in
        // 'rope_scaling'.
        for (String key : List.of("rope_parameters", "rope_scaling")) {
            JsonNode said = config.path(key);
            if (ConfigNumbers.isSaid(said) && !said.isObject()) {
                throw numbers.bad(key, "an object");
            }
        }
        JsonNode scaling =
                config.path("rope_parameters").isObject()
                        ? config.path("rope_parameters")
                        : config.path("rope_scaling");
        ConfigNumbers own = numbers.in(scaling);
        double theta = own.number("rope_theta", numbers.number("rope_theta", 10000));
        NUMBERS.forEach(key -> own.number(key, 0));
        String type = scaling.path("rope_type").asText(scaling.path("type").asText("default"));
        int positions = numbers.whole("max_position_embeddings", 0, 0);
        return new Rotary(type, dim, theta, scaling, positions);
    }

    /** What cosines and sines are multiplied by. */
    float attention() {
        if (!type.equals("yarn")) {
            return 1;
        }
        double given = scaling.path("attention_factor").asDouble(0);
        double factor = factor();
        double mscale = scaling.path("mscale").asDouble(0);
        double all = scaling.path("mscale_all_dim").asDouble(0);
        if (given > 0) {
            return (float) given;
        }
        return (float)
                (mscale > 0 && all > 0
                        ? grown(factor, mscale) / grown(factor, all)
                        : grown(factor, 1));
    }

    private static double grown(double factor, double by) {
        return factor <= 1 ? 1 : 0.1 * by * StrictMath.log(factor) + 1;
    }

    private double factor() {
        double original = original().orElse(0);
        boolean derived = type.equals("yarn") && !scaling.has("factor") && original > 0;
        return derived
                ? positions / original
                : scaling.path("factor").asDouble(type.equals("llama3") ? 8 : 1);
    }

    private OptionalDouble original() {
        JsonNode trained = scaling.path("original_max_position_embeddings");
        return trained.isNumber() ? OptionalDouble.of(trained.asDouble()) : OptionalDouble.empty();
    }

    /**
     * Half a head of inverse frequencies.
     *
     * @param length of the text: the dynamic scaling stretches with it
     */
    float[] inverseFrequencies(int length) {
        double base = theta;
        if (type.equals("dynamic") && positions > 0 && length > positions) {
            double stretch = factor() * length / positions - (factor() - 1);
            base *= StrictMath.pow(stretch, dim / (dim - 2.0));
        }
        float[] frequencies = new float[dim / 2];
        for (int i = 0; i < frequencies.length; i++) {
            double frequency = 1 / StrictMath.pow(base, 2.0 * i / dim);
            frequencies[i] =
                    (float)
                            switch (type) {
                                case "linear" -> frequency / factor();
                                case "llama3" -> llama3(frequency);
                                case "yarn" -> yarn(frequency, i);
                                default -> frequency;
                            };
        }
        return frequencies;
    }

    /** Long waves are stretched, short ones stay, those between are mixed. */
    private double llama3(double frequency) {
        double low = scaling.path("low_freq_factor").asDouble(1);
        double high = scaling.path("high_freq_factor").asDouble(4);
        double turns = original().orElse(8192) * frequency / (2 * Math.PI);
        if (turns < low) {
            return frequency / factor();
        }
        if (turns > high) {
            return frequency;
        }
        double share = (turns - low) / (high - low);
        return (1 - share) * frequency / factor() + share * frequency;
    }

    /** As {@link #llama3}, with the mixture along the numbers of the pairs. */
    private double yarn(double frequency, int pair) {
        double low = pairTurning(scaling.path("beta_fast").asDouble(32));
        double high = pairTurning(scaling.path("beta_slow").asDouble(1));
        if (scaling.path("truncate").asBoolean(true)) {
            low = Math.floor(low);
            high = Math.ceil(high);
        }
        low = Math.max(low, 0);
        high = Math.min(high, dim - 1);
        double width = high == low ? 0.001 : high - low;
        double stretched = Math.min(1, Math.max(0, (pair - low) / width));
        return stretched * frequency / factor() + (1 - stretched) * frequency;
    }

    /** The pair that turns so often over the length the model was trained on. */
    private double pairTurning(double times) {
        double trained = original().orElse(positions);
        return dim * StrictMath.log(trained / (times * 2 * Math.PI)) / (2 * StrictMath.log(theta));
    }

    /** Cosines and sines of every position, half a head each, as the pass multiplies by them. */
    record Table(float[] cos, float[] sin) {}

    Table table(int length, Rounding rounding) {
        float[] frequencies = inverseFrequencies(length);
        float factor = attention();
        int half = frequencies.length;
        Table table = new Table(new float[length * half], new float[length * half]);
        for (int position = 0; position < length; position++) {
            for (int i = 0; i < half; i++) {
                float angle = position * frequencies[i];
                int at = position * half + i;
                table.cos[at] = rounding.round((float) StrictMath.cos(angle) * factor);
                table.sin[at] = rounding.round((float) StrictMath.sin(angle) * factor);
            }
        }
        return table;
    }
}
