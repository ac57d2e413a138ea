package io.amalgam.internal.structure;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import io.amalgam.internal.layers.LayerName;
import io.amalgam.internal.layers.LayerStacks;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The matrices through which attention and feed-forward part of a layer add to the residual stream,
 * found by the names libraries give them.
 */
public final class OutputProjections {
    private static final Set<String> MODULES =
            Set.of(
                    "o_proj",
                    "out_proj",
                    "c_proj",
                    "down_proj",
                    "dense_4h_to_h",
                    "wo",
                    "w2",
                    "fc2",
                    "fc_out",
                    "out_lin",
                    "lin2",
                    "output_linear");

    /** Names that mean something only below another. */
    private static final List<String> PATHS =
            List.of(
                    "attention.dense",
                    "self_attention.dense",
                    "self_attn.dense",
                    "output.dense",
                    "attention.output",
                    "feed_forward.value",
                    "attn.proj",
                    "SelfAttention.o",
                    "EncDecAttention.o");

    /** What they give is normalised before it is added: a factor would have no effect. */
    private static final List<String> NORMALISED =
            List.of("post_feedforward_layernorm", "post_mlp_layernorm", "post_self_attn_layernorm");

    private OutputProjections() {}

    /**
     * Filters for recipes: each is part of the names of one projection's tensors in every layer,
     * biases included.
     *
     * @param name of the model, for messages
     * @throws BadInputException if there are none, they are quantised, or scaling them does nothing
     */
    public static List<String> filters(Checkpoint model, String name) {
        LayerStacks stacks = LayerStacks.of(model.tensors().keySet());
        Set<String> suffixes = new LinkedHashSet<>();
        List<String> packed = new ArrayList<>();
        for (Map.Entry<String, ? extends TensorSource> tensor : model.tensors().entrySet()) {
            Optional<LayerName> layer = stacks.find(tensor.getKey());
            if (layer.isPresent()) {
                suffixes.add(layer.get().suffix());
                if (!tensor.getValue().info().dtype().arithmetic()) {
                    packed.add(layer.get().suffix());
                }
            }
        }
        for (String normalised : NORMALISED) {
            if (suffixes.stream().anyMatch(suffix -> suffix.startsWith(normalised))) {
                throw new BadInputException(
                        Problem.of(
                                        "damping has no effect on model '"
                                                + name
                                                + "': its layers normalise what the projections give ('"
                                                + normalised
                                                + "')")
                                .hint("leave out DepthUpscaling.damp"));
            }
        }
        Set<String> filters = new LinkedHashSet<>();
        for (String suffix : suffixes) {
            find(suffix, suffixes).ifPresent(filters::add);
        }
        boolean quantised =
                packed.stream().anyMatch(s -> filters.stream().anyMatch(("." + s)::contains));
        if (filters.isEmpty() || quantised) {
            throw new BadInputException(
                    Problem.expected(
                                    "output projections in the layers of model '" + name + "'",
                                    "matrices such as 'o_proj' and 'down_proj'",
                                    quantised ? "quantised ones" : "none")
                            .hint("leave out DepthUpscaling.damp"));
        }
        return List.copyOf(filters);
    }

    private static Optional<String> find(String suffix, Set<String> all) {
        int dot = suffix.lastIndexOf('.');
        String end = suffix.substring(dot + 1);
        if (isProjection(suffix, all)) {
            // A matrix of all experts is a parameter, with no 'weight' below it.
            return Optional.of("." + suffix);
        }
        boolean parameter = end.equals("weight") || end.equals("bias");
        return parameter && dot > 0 && isProjection(suffix.substring(0, dot), all)
                ? Optional.of("." + suffix.substring(0, dot) + ".")
                : Optional.empty();
    }

    private static boolean isProjection(String module, Set<String> all) {
        int dot = module.lastIndexOf('.');
        String last = module.substring(dot + 1);
        if (last.equals("w2")) {
            // Where there is a 'c_proj' beside it, 'w2' is one of two ways in.
            String parent = module.substring(0, dot + 1);
            return all.stream().noneMatch(name -> name.startsWith(parent + "c_proj."));
        }
        return MODULES.contains(last)
                || PATHS.stream()
                        .anyMatch(path -> module.equals(path) || module.endsWith("." + path));
    }
}
