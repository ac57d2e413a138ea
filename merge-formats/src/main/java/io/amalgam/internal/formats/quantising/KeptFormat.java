package io.amalgam.internal.formats.quantising;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.Checkpoint.Quantisation;
import io.amalgam.checkpoint.OutputFormat.QuantisedWeights;
import io.amalgam.checkpoint.OutputFormat.Weight;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.checkpoint.TensorSource.Codes;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.encoding.Quantiser;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The output of models that are quantised in one format, in that format: what is copied keeps its
 * bytes, what is merged is quantised anew where the format can be written.
 */
final class KeptFormat {
    /** Lists of modules that stay dense. */
    private static final Set<String> LEFT =
            Set.of("ignore", "modules_to_not_convert", "exclude_modules", "llm_int8_skip_modules");

    /** What says nothing of how codes are read. */
    private static final Set<String> IDLE = Set.of("version", "producer", "modules_to_convert");

    private static final Pattern LAYER = Pattern.compile("(^|\\.|\\\\.)\\d+(\\.|\\\\.|$)");

    private KeptFormat() {}

    static QuantisedWeights of(
            List<Weight> weights, Checkpoint donor, Map<String, Checkpoint> models) {
        ObjectNode settings = commonSettings(models, donor);
        LinearWeights quantised =
                LinearWeights.of(weights.stream().map(Weight::dense).toList(), Set.of(), donor);
        Map<String, Quantiser> quantisers = new LinkedHashMap<>();
        List<Problem> problems = new ArrayList<>();
        List<String> left = new ArrayList<>();
        for (Weight weight : weights) {
            String name = weight.dense().name();
            Optional<Codes> codes = weight.copied().flatMap(TensorSource::codes);
            if (codes.isPresent()) {
                quantisers.put(name, SameCodes.all(codes.get(), name));
            } else if (isComputed(weight) && isQuantised(weight, quantised, donor)) {
                anew(weight, donor)
                        .ifPresentOrElse(
                                by -> quantisers.put(name, by),
                                () -> problems.add(unwritten(name, donor)));
            } else if (weight.dense().shape().rank() > 1) {
                left.add(LinearWeights.module(name));
            }
        }
        if (!problems.isEmpty()) {
            throw new BadInputException(problems.get(0));
        }
        rename(settings, left);
        return new QuantisedWeights(quantisers, Optional.of(settings));
    }

    /** Experts in one tensor have no name of a linear layer's. */
    private static boolean isQuantised(Weight weight, LinearWeights linear, Checkpoint donor) {
        return linear.has(weight.dense())
                || donor.quantisation()
                        .filter(how -> how.weights().contains(weight.dense().name()))
                        .isPresent();
    }

    /** Whether its values are no tensor of a file as it is. */
    private static boolean isComputed(Weight weight) {
        return weight.copied().flatMap(TensorSource::stored).isEmpty();
    }

    /** What quantises a merged tensor as the donor's are. */
    private static Optional<Quantiser> anew(Weight weight, Checkpoint donor) {
        Optional<Codes> like =
                donor.tensors().values().stream()
                        .map(TensorSource::codes)
                        .flatMap(Optional::stream)
                        .filter(
                                codes ->
                                        LinearWeights.isSameOfLayers(
                                                codes.name(), weight.dense().name()))
                        .findFirst();
        if (like.isEmpty() || !like.get().besides().isEmpty()) {
            return Optional.empty();
        }
        for (WeightType type :
                WeightTypes.ofDonor(donor.quantisation().flatMap(Quantisation::settings))) {
            if (type.takes(weight.dense())) {
                Optional<Quantiser> by = type.quantiser(weight.dense());
                if (by.flatMap(q -> SameCodes.copied(q, like.get(), weight.dense().name()))
                        .isPresent()) {
                    return by;
                }
            }
        }
        return Optional.empty();
    }

    private static Problem unwritten(String name, Checkpoint donor) {
        String how = donor.quantisation().map(Quantisation::name).orElse("");
        return Problem.of(
                        "output of type 'keep': tensor '"
                                + name
                                + "' is merged, and new values cannot be written as the models have them ("
                                + how
                                + ")")
                .hint("choose a type that is written, such as 'fp8' or 'int4', or leave it out");
    }

    private static ObjectNode commonSettings(Map<String, Checkpoint> models, Checkpoint donor) {
        Optional<ObjectNode> first = Optional.empty();
        String firstName = "";
        Checkpoint firstModel = donor;
        for (Map.Entry<String, Checkpoint> model : models.entrySet()) {
            Optional<Quantisation> how = model.getValue().quantisation();
            Optional<ObjectNode> said = how.flatMap(Quantisation::settings);
            if (said.isEmpty()) {
                throw new BadInputException(
                        Problem.expected(
                                        "output of type 'keep': model '" + model.getKey() + "'",
                                        "a quantised model with settings",
                                        how.map(Quantisation::name).orElse("none"))
                                .hint("name the type that the output should have"));
            }
            if (first.isEmpty()) {
                first = said;
                firstName = model.getKey();
                firstModel = model.getValue();
            } else if (!essence(first.get()).equals(essence(said.get()))) {
                throw new BadInputException(
                        Problem.expected(
                                        "output of type 'keep': model '" + model.getKey() + "'",
                                        "the format of '"
                                                + firstName
                                                + "' ("
                                                + label(firstModel)
                                                + ")",
                                        different(firstModel, model.getValue()))
                                .hint("name the type that the output should have"));
            }
        }
        return donor.quantisation().flatMap(Quantisation::settings).orElseThrow().deepCopy();
    }

    private static String label(Checkpoint model) {
        Optional<Quantisation> how = model.quantisation();
        String method =
                how.flatMap(Quantisation::settings)
                        .map(said -> said.path("quant_method").asText(""))
                        .orElse("");
        return how.map(Quantisation::name).orElse("none") + (method.isEmpty() ? "" : ", " + method);
    }

    private static String different(Checkpoint first, Checkpoint other) {
        boolean alike = label(first).equals(label(other));
        return label(other) + (alike ? " with other settings" : "");
    }

    private static JsonNode essence(ObjectNode settings) {
        ObjectNode copy = settings.deepCopy();
        copy.remove(LEFT);
        copy.remove(IDLE);
        if (copy.get("quantization") instanceof ObjectNode nested) {
            nested.remove(LEFT);
        }
        return copy;
    }

    /** Names of layers in lists are those of the output, where there are such names. */
    private static void rename(ObjectNode settings, List<String> left) {
        LEFT.forEach(key -> rename(settings, key, left));
        if (settings.get("quantization") instanceof ObjectNode nested) {
            LEFT.forEach(key -> rename(nested, key, left));
        }
    }

    private static void rename(ObjectNode settings, String key, List<String> left) {
        if (!(settings.get(key) instanceof ArrayNode list)) {
            return;
        }
        List<String> kept = new ArrayList<>();
        boolean ofLayers = false;
        for (JsonNode name : list) {
            boolean layer = LAYER.matcher(name.asText()).find();
            ofLayers |= layer;
            if (!layer) {
                kept.add(name.asText());
            }
        }
        if (ofLayers) {
            left.stream().filter(name -> !kept.contains(name)).forEach(kept::add);
            ArrayNode changed = settings.putArray(key);
            kept.forEach(changed::add);
        }
    }
}
