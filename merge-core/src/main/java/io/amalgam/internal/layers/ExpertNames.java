package io.amalgam.internal.layers;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names of experts' matrices: one tensor for all experts, as in transformers since version 5, or
 * one per expert, as in most files. A gate's matrix and that of what it gates are one in the
 * former, the gate's rows first.
 */
public final class ExpertNames {
    /** By the name of the fused tensor, what an expert's own matrices are called, in each way. */
    private static final Map<String, List<List<String>>> SINGLE =
            Map.of(
                    "gate_up_proj",
                    List.of(List.of("gate_proj", "up_proj"), List.of("w1", "w3")),
                    "down_proj",
                    List.of(List.of("down_proj"), List.of("w2")),
                    "up_proj",
                    List.of(List.of("up_proj")));

    private static final Pattern ONE =
            Pattern.compile(
                    "(.+\\.)?experts\\.(\\d+)\\.(gate_proj|up_proj|down_proj|w1|w2|w3)(\\.weight)?");

    private ExpertNames() {}

    /** The names of an expert's own matrices that make up a part of a fused one. */
    public static List<List<String>> single(String fused) {
        return SINGLE.getOrDefault(fused, List.of());
    }

    /**
     * A matrix of one expert.
     *
     * @param experts the module of all of them
     * @param expert its number
     * @param matrix what it is called
     */
    public record Single(String experts, int expert, String matrix) {
        /** Reads a tensor's or module's name. */
        public static Optional<Single> of(String name) {
            Matcher matcher = ONE.matcher(name);
            if (!matcher.matches()) {
                return Optional.empty();
            }
            String before = matcher.group(1) == null ? "" : matcher.group(1);
            return Optional.of(
                    new Single(
                            before + "experts",
                            Integer.parseInt(matcher.group(2)),
                            matcher.group(3)));
        }

        /** The fused tensors it may be in, with its place among the matrices of an expert. */
        public List<Place> places() {
            List<Place> places = new ArrayList<>();
            SINGLE.forEach(
                    (fused, ways) ->
                            ways.stream()
                                    .filter(way -> way.contains(matrix))
                                    .forEach(
                                            way ->
                                                    places.add(
                                                            new Place(
                                                                    experts + "." + fused,
                                                                    way.indexOf(matrix),
                                                                    way.size()))));
            return places;
        }
    }

    /**
     * Where a matrix of one expert lies in a fused tensor.
     *
     * @param tensor the fused tensor
     * @param index which of the matrices of an expert
     * @param of how many
     */
    public record Place(String tensor, int index, int of) {}
}
