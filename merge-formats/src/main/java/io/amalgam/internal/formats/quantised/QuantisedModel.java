package io.amalgam.internal.formats.quantised;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint.Quantisation;
import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.config.ConfigKeys;
import io.amalgam.internal.config.ConfigSections;
import io.amalgam.tensor.DType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A model as merges see it: dense tensors in place of codes and scales.
 *
 * @param tensors in the order of their codes
 * @param quantisation how they are stored; empty if they are stored as they are
 * @param warnings what should be known of them
 * @param readerBytes what each reader keeps of one of its tensors
 * @param sharedBytes what all readers together keep
 */
public record QuantisedModel(
        Map<String, TensorSource> tensors,
        Optional<Quantisation> quantisation,
        List<Problem> warnings,
        long readerBytes,
        long sharedBytes) {
    private static final String WEIGHT = ".weight";

    private static final Set<DType> UNREAD =
            Set.of(DType.F4, DType.F6_E2M3, DType.F6_E3M2, DType.F8_E4M3FNUZ, DType.F8_E5M2FNUZ);

    /** What modules have besides a quantised weight. */
    private static final Set<String> BESIDE = Set.of("weight", "bias");

    /**
     * What a model's tensors stand for.
     *
     * @param settings what it says of its quantisation
     * @param config its configuration
     * @param name what the user calls it
     * @param problems for what is missing or does not fit
     */
    public static QuantisedModel of(
            Map<String, TensorSource> stored,
            Optional<QuantisationSettings> settings,
            Optional<ObjectNode> config,
            String name,
            List<Problem> problems) {
        Optional<DType> said = config.flatMap(QuantisedModel::computeType);
        FormatChoice choice;
        try {
            choice =
                    settings.map(s -> FormatChoice.of(s, stored.keySet(), name))
                            .orElseGet(() -> FormatChoice.of(stored));
        } catch (BadInputException e) {
            problems.addAll(e.problems());
            return unchanged(stored, Optional.empty());
        }
        Optional<String> unread = choice.unreadable().or(() -> unreadType(stored));
        if (unread.isEmpty() && choice.equals(FormatChoice.PLAIN) && said.isEmpty()) {
            return unchanged(stored, Optional.empty());
        }
        if (unread.isPresent()) {
            return unchanged(stored, Optional.of(new Quantisation(unread.get(), false, false)));
        }
        DType type = said.orElseGet(() -> widest(stored));
        List<String> warnings = new ArrayList<>();
        QuantisedTensors tensors = new QuantisedTensors(stored, type, problems, warnings);
        Map<String, TensorSource> dense = dense(stored, choice, tensors);
        if (tensors.labels().isEmpty()) {
            return settings.isEmpty()
                    ? unchanged(stored, Optional.empty())
                    : new QuantisedModel(
                            dense, Optional.empty(), List.of(stale(name, settings.get())), 0, 0);
        }
        String label = label(tensors.labels());
        Set<String> weights = new HashSet<>();
        dense.forEach(
                (tensor, source) -> {
                    if (source instanceof Dequantised) {
                        weights.add(tensor);
                    }
                });
        List<Problem> all = new ArrayList<>();
        for (String warning : warnings) {
            all.add(Problem.of("model '" + name + "' (" + label + "): " + warning));
        }
        return new QuantisedModel(
                dense,
                Optional.of(
                        new Quantisation(
                                label,
                                true,
                                choice.rescaled(),
                                weights,
                                settings.map(QuantisationSettings::named))),
                all,
                tensors.tileBytes(),
                tensors.slabBytes());
    }

    /** A type of weights that are numbers, but not ones that are known here. */
    private static Optional<String> unreadType(Map<String, TensorSource> stored) {
        return stored.values().stream()
                .map(source -> source.info().dtype())
                .filter(UNREAD::contains)
                .map(type -> "numbers of type " + type)
                .findFirst();
    }

    private static Map<String, TensorSource> dense(
            Map<String, TensorSource> stored, FormatChoice choice, QuantisedTensors tensors) {
        Map<String, TensorSource> made = new LinkedHashMap<>();
        Map<String, List<StoredTensor>> activations = new HashMap<>();
        stored.forEach(
                (name, source) -> {
                    if (choice.isDropped(name) && source.stored().isPresent()) {
                        activations
                                .computeIfAbsent(module(name), unused -> new ArrayList<>())
                                .add(source.stored().get());
                    }
                });
        stored.forEach(
                (name, source) -> {
                    Optional<StoredTensor> codes = source.stored();
                    int before = tensors.usedSoFar();
                    for (QuantisedFormat format : choice.formats()) {
                        if (codes.filter(c -> c.info().elements() > 0).isPresent()
                                && !made.containsKey(name)) {
                            format.dense(codes.get(), tensors)
                                    .ifPresent(
                                            dense -> {
                                                made.put(name, dense);
                                                storedAs(
                                                        dense,
                                                        codes.get(),
                                                        before,
                                                        tensors,
                                                        activations);
                                            });
                        }
                    }
                });
        Set<String> modules = new HashSet<>();
        made.values().stream()
                .map(dense -> dense.info().name())
                .filter(name -> name.endsWith(WEIGHT))
                .forEach(name -> modules.add(module(name)));
        Map<String, TensorSource> all = new LinkedHashMap<>();
        stored.forEach(
                (name, source) -> {
                    TensorSource dense = made.get(name);
                    if (dense != null) {
                        tensors.putDense(all, dense);
                    } else if (!tensors.isUsed(name) && !choice.isDropped(name)) {
                        tensors.putStored(all, name, source, choice);
                        if (modules.contains(module(name)) && !BESIDE.contains(last(name))) {
                            tensors.warn(unknown(name));
                        }
                    }
                });
        return all;
    }

    /** A part of a format that is not known could change what the codes mean. */
    private static String unknown(String name) {
        return "'"
                + last(name)
                + "' beside quantised weights is not known, as in '"
                + name
                + "': the weights are read without it, and it is copied";
    }

    private static String last(String name) {
        return name.substring(name.lastIndexOf('.') + 1);
    }

    private static String module(String name) {
        return name.substring(0, Math.max(0, name.lastIndexOf('.')));
    }

    private static void storedAs(
            TensorSource dense,
            StoredTensor codes,
            int before,
            QuantisedTensors tensors,
            Map<String, List<StoredTensor>> activations) {
        if (dense instanceof Dequantised quantised) {
            List<StoredTensor> all = new ArrayList<>(List.of(codes));
            all.addAll(tensors.usedSince(before));
            String module = module(dense.info().name());
            quantised.storedAs(all, activations.getOrDefault(module, List.of()));
        }
    }

    /** Codes, scales and a tile of quantised tensors, where it has any. */
    public long bytesPerReader(int elements) {
        boolean decodes = quantisation.map(Quantisation::readable).orElse(false);
        return decodes ? 2 * readerBytes + elements * 2L * Float.BYTES : 0;
    }

    /** All that was found; a single block has one scale too, which says nothing. */
    private static String label(Set<String> labels) {
        List<String> said =
                labels.stream()
                        .filter(
                                label ->
                                        labels.stream()
                                                .noneMatch(
                                                        other -> other.startsWith(label + " in ")))
                        .toList();
        return String.join(", ", said);
    }

    private static QuantisedModel unchanged(
            Map<String, TensorSource> stored, Optional<Quantisation> quantisation) {
        return new QuantisedModel(stored, quantisation, List.of(), 0, 0);
    }

    private static Problem stale(String name, QuantisationSettings settings) {
        return Problem.of(
                        "model '"
                                + name
                                + "' is said to be quantised by '"
                                + settings.method()
                                + "' ("
                                + settings.place()
                                + "), but none of its tensors is")
                .hint("it is read as the unquantised model it seems to be");
    }

    /** The type a configuration names for computing, if it is wider than 8 bits. */
    private static Optional<DType> computeType(ObjectNode config) {
        return ConfigSections.of(config).stream()
                .flatMap(section -> ConfigKeys.computeType(section).stream())
                .findFirst();
    }

    /** The widest of the types that most models compute in; bfloat16 if there is none. */
    private static DType widest(Map<String, TensorSource> stored) {
        List<DType> types =
                stored.entrySet().stream()
                        .filter(entry -> entry.getKey().endsWith("norm.weight"))
                        .map(entry -> entry.getValue().info().dtype())
                        .filter(type -> type == DType.BF16 || type == DType.F16)
                        .distinct()
                        .toList();
        return types.size() == 1 ? types.get(0) : DType.BF16;
    }
}
