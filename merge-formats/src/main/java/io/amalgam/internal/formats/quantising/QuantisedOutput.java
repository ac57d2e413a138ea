package io.amalgam.internal.formats.quantising;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.OutputFormat.QuantisedWeights;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.encoding.Quantiser;
import io.amalgam.tensor.TensorInfo;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Models written with quantised weights. */
public final class QuantisedOutput {
    /** Left dense by every tool; named although a tied model has no such tensor. */
    private static final String HEAD = "lm_head";

    private QuantisedOutput() {}

    /** The names of what weights can be quantised to. */
    public static List<String> types() {
        return WeightTypes.all().stream().map(WeightType::name).toList();
    }

    /**
     * Which weights are quantised, and how.
     *
     * @param name one of {@link #types()}
     * @param weights of the output, as they would be dense
     * @param donor whose configuration the output gets; its choice of modules is kept where it is
     *     quantised itself
     * @throws BadInputException if none can be
     */
    public static QuantisedWeights of(String name, List<TensorInfo> weights, Checkpoint donor) {
        WeightType type = WeightTypes.of(name, donor.quantisation().flatMap(how -> how.settings()));
        LinearWeights linear = LinearWeights.of(weights, donor);
        Map<String, Quantiser> quantisers = new LinkedHashMap<>();
        Set<String> left = new LinkedHashSet<>(List.of(HEAD));
        for (TensorInfo weight : weights) {
            Optional<Quantiser> quantiser =
                    linear.has(weight) ? type.quantiser(weight) : Optional.empty();
            quantiser.ifPresent(by -> quantisers.put(weight.name(), by));
            if (quantiser.isEmpty() && weight.shape().rank() > 1) {
                left.add(LinearWeights.module(weight.name()));
            }
        }
        if (quantisers.isEmpty()) {
            throw new BadInputException(
                    Problem.expected(
                                    "model to be quantised to '" + name + "'",
                                    "matrices of linear layers whose rows are whole groups",
                                    "none")
                            .hint("leave 'out_dtype' out to write it dense"));
        }
        ObjectNode settings = type.settings(List.copyOf(left));
        return new QuantisedWeights(quantisers, Optional.of(settings));
    }
}
