package io.amalgam.internal.formats.quantising;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.OutputFormat.QuantisedWeights;
import io.amalgam.checkpoint.OutputFormat.Weight;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.encoding.Quantiser;
import io.amalgam.recipe.Recipe.QuantisedType;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
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
        List<String> names = new ArrayList<>();
        WeightTypes.all().forEach(type -> names.add(type.name()));
        names.add(QuantisedType.KEEP);
        return names;
    }

    /**
     * Which weights are quantised, and how.
     *
     * @param name one of {@link #types()}
     * @param weights of the output, as they would be dense
     * @param donor whose configuration the output gets; its choice of modules is kept where it is
     *     quantised itself
     * @param models all that are merged, by the names users have for them
     * @throws BadInputException if none can be
     */
    public static QuantisedWeights of(
            String name, List<Weight> weights, Checkpoint donor, Map<String, Checkpoint> models) {
        if (name.equals(QuantisedType.KEEP)) {
            return KeptFormat.of(weights, donor, models);
        }
        WeightType type = type(name, donor);
        List<TensorInfo> dense = weights.stream().map(Weight::dense).toList();
        Set<String> experts = FusedExperts.of(dense, type::takesExperts);
        LinearWeights linear = LinearWeights.of(dense, experts, donor);
        Map<String, Quantiser> quantisers = new LinkedHashMap<>();
        Set<String> left = new LinkedHashSet<>(List.of(HEAD));
        LeftDense share = new LeftDense(name);
        for (Weight each : weights) {
            TensorInfo weight = each.dense();
            Optional<Quantiser> quantiser =
                    type.takes(weight) && (type.isOfExperts() || linear.has(weight))
                            ? type.quantiser(weight)
                            : Optional.empty();
            quantiser.ifPresent(by -> quantisers.put(weight.name(), orCopied(by, each)));
            if (quantiser.isEmpty() && weight.shape().rank() > 1) {
                left.add(LinearWeights.module(weight.name()));
            }
            boolean wanted = type.isOfExperts() ? type.takes(weight) : linear.misses(weight);
            share.add(weight, wanted && quantiser.isEmpty());
        }
        if (quantisers.isEmpty()) {
            throw new BadInputException(
                    Problem.expected(
                                    "model to be quantised to '" + name + "'",
                                    "matrices of linear layers whose rows are whole groups",
                                    "none")
                            .hint("choose another type, or write it dense"));
        }
        ObjectNode settings = type.settings(List.copyOf(left));
        return new QuantisedWeights(
                quantisers, Optional.of(settings), share.warning().stream().toList());
    }

    private static WeightType type(String name, Checkpoint donor) {
        Optional<ObjectNode> settings = donor.quantisation().flatMap(how -> how.settings());
        WeightType type = WeightTypes.of(name, settings);
        boolean ofExperts = type.name().equals("mxfp4") && settings.isEmpty();
        return ofExperts && donor.facts().type().equals(ExpertMxfp4.MODEL)
                ? new ExpertMxfp4(settings)
                : type;
    }

    /** Bytes are copied where the input has the same codes. */
    private static Quantiser orCopied(Quantiser quantiser, Weight weight) {
        return weight.copied()
                .flatMap(TensorSource::codes)
                .flatMap(codes -> SameCodes.copied(quantiser, codes, weight.dense().name()))
                .orElse(quantiser);
    }
}
