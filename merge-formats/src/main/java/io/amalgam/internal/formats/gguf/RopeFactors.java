package io.amalgam.internal.formats.gguf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * The small tensors that are made from the configuration: factors of the rotary frequencies, which
 * other formats leave to the reader.
 */
final class RopeFactors {
    /** What models are trained for before their texts are made longer: powers of two. */
    private static final List<Long> TRAINED =
            LongStream.rangeClosed(4, 20).mapToObj(power -> 1L << power).toList();

    private RopeFactors() {}

    /** A tensor of factors. */
    record Made(String name, float[] values) {}

    /**
     * The tensors of a model, which come before all others.
     *
     * @throws BadInputException if the configuration's lists are not of the right length
     */
    static List<Made> of(GgufArchitecture architecture, ObjectNode json) {
        ModelSettings config = ModelSettings.of(json);
        RopeSettings rope = RopeSettings.of(json);
        List<Made> made = new ArrayList<>();
        if (architecture.rotaryPairs() && rope.type().equals("llama3")) {
            long heads = config.needed("num_attention_heads");
            long length =
                    config.whole("head_dim").orElseGet(() -> config.needed("hidden_size") / heads);
            made.add(
                    new Made(
                            "rope_freqs.weight",
                            llama3(
                                    (int) length,
                                    rope.base().orElse(10000.0),
                                    rope.all().real("factor").orElse(8.0),
                                    rope.all().real("low_freq_factor").orElse(1.0),
                                    rope.all().real("high_freq_factor").orElse(4.0),
                                    rope.trainedLength().orElse(8192L))));
        }
        if (architecture == GgufArchitecture.PHI3 && rope.hasFactors()) {
            long wanted = rotatedLength(config, rope) / 2;
            for (String kind : List.of("long", "short")) {
                float[] factors = rope.all().reals(kind + "_factor");
                if (factors.length != wanted) {
                    throw new BadInputException(
                            Problem.expected(
                                            "'" + kind + "_factor' in config.json",
                                            wanted + " numbers, half of what a head rotates",
                                            factors.length)
                                    .hint("compare it with the original model's"));
                }
                made.add(new Made("rope_factors_" + kind + ".weight", factors));
            }
        }
        return made;
    }

    /** Elements of a head that are rotated. */
    static long rotatedLength(ModelSettings config, RopeSettings rope) {
        long all = (long) (rope.rotated().orElse(1.0) * config.needed("hidden_size"));
        return all / config.needed("num_attention_heads");
    }

    /** What attention is multiplied by where texts are longer than in training. */
    static double attentionFactor(String type, long length, long trained) {
        double scale = (double) length / trained;
        return switch (type) {
            case "longrope", "su" ->
                    scale > 1 ? Math.sqrt(1 + Math.log(scale) / Math.log(trained)) : 1;
            case "yarn" -> scale > 1 ? 0.1 * Math.log(scale) + 1 : 1;
            default ->
                    throw new BadInputException(
                            Problem.expected(
                                            "scaling of rotary positions in config.json",
                                            "longrope or yarn, as it has a list of factors",
                                            "'" + type + "'")
                                    .hint("compare it with the original model's"));
        };
    }

    /**
     * Factors of Llama 3.1 and later: frequencies of long waves are divided by {@code factor},
     * those of short waves kept, with a smooth step between. In float32 as its frequencies are.
     */
    static float[] llama3(
            int headLength, double base, double factor, double low, double high, long trained) {
        float[] factors = new float[headLength / 2];
        for (int i = 0; i < factors.length; i++) {
            float power = (float) Math.pow((float) base, 2f * i / headLength);
            float frequency = 1 / power;
            float wave = (float) (2 * Math.PI) / frequency;
            if (wave < (float) (trained / high)) {
                factors[i] = 1;
            } else if (wave > (float) (trained / low)) {
                factors[i] = (float) factor;
            } else {
                float smooth = ((float) trained / wave - (float) low) / (float) (high - low);
                factors[i] = 1 / ((1 - smooth) / (float) factor + smooth);
            }
        }
        return factors;
    }

    /**
     * The settings that give the factors of a file; empty if none of the usual ones do.
     *
     * @return the settings as config.json has them
     */
    static Optional<Llama3> settings(float[] factors, double base) {
        float factor = 1;
        for (float value : factors) {
            factor = Math.max(factor, value);
        }
        for (long trained : TRAINED) {
            if (Arrays.equals(factors, llama3(2 * factors.length, base, factor, 1, 4, trained))) {
                return Optional.of(new Llama3(factor, trained));
            }
        }
        return Optional.empty();
    }

    /** Settings of Llama 3.1 and later, whose steps are from 1 to 4. */
    record Llama3(double factor, long trained) {}
}
