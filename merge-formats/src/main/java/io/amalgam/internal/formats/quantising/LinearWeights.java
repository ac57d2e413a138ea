package io.amalgam.internal.formats.quantising;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.internal.layers.LayerStacks;
import io.amalgam.tensor.TensorInfo;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which weights are quantised: matrices of linear layers within the stacks, but for routers, norms,
 * embeddings, and towers of other kinds than text. Of a donor that is quantised itself: what it has
 * quantised.
 */
final class LinearWeights {
    private static final String WEIGHT = ".weight";
    private static final Pattern NUMBER = Pattern.compile("(?<=^|\\.)\\d+(?=\\.)");

    private static final Set<String> NOT_LINEAR =
            Set.of(
                    "gate",
                    "router",
                    "gate_network",
                    "shared_expert_gate",
                    "relative_attention_bias",
                    "vision_tower",
                    "vision_model",
                    "vision_encoder",
                    "visual",
                    "audio_tower",
                    "audio_model",
                    "image_encoder",
                    "speech_encoder",
                    "multi_modal_projector",
                    "mm_projector",
                    "conv1d");

    /** Models whose matrices are stored the other way round, in layers that are not linear ones. */
    private static final Set<String> TRANSPOSED =
            Set.of("gpt2", "openai-gpt", "decision_transformer", "gpt_bigcode", "ctrl");

    private static final Set<String> TRANSPOSED_LAYERS =
            Set.of("c_attn", "c_proj", "c_fc", "q_attn");

    private final LayerStacks stacks;
    private final Set<String> stored;
    private final Set<String> quantised;
    private final Set<String> fused;
    private final Checkpoint donor;
    private final boolean transposed;

    private LinearWeights(
            LayerStacks stacks,
            Set<String> stored,
            Set<String> quantised,
            Set<String> fused,
            Checkpoint donor,
            boolean transposed) {
        this.donor = donor;
        this.fused = fused;
        this.stacks = stacks;
        this.stored = stored;
        this.quantised = quantised;
        this.transposed = transposed;
    }

    /**
     * @param fused names of experts in one tensor that count as matrices of linear layers
     */
    static LinearWeights of(List<TensorInfo> weights, Set<String> fused, Checkpoint donor) {
        Set<String> quantised = new HashSet<>();
        donor.quantisation()
                .ifPresent(how -> how.weights().forEach(name -> quantised.add(general(name))));
        Set<String> stored = new HashSet<>();
        donor.tensors().keySet().forEach(name -> stored.add(general(name)));
        String type = donor.facts().type();
        return new LinearWeights(
                LayerStacks.of(weights.stream().map(TensorInfo::name).toList()),
                stored,
                quantised,
                fused,
                donor,
                TRANSPOSED.contains(type));
    }

    /** A name for the same tensor of all layers. */
    private static String general(String name) {
        return NUMBER.matcher(name).replaceAll("#");
    }

    /** Whether two names are those of one tensor in two layers. */
    static boolean isSameOfLayers(String one, String other) {
        return general(one).equals(general(other));
    }

    /** The module that a weight belongs to. */
    static String module(String weight) {
        int end = weight.lastIndexOf('.');
        return end < 0 ? weight : weight.substring(0, end);
    }

    boolean has(TensorInfo weight) {
        String name = weight.name();
        return (isMatrix(weight) || fused.contains(name)) && isChosen(name);
    }

    /**
     * Whether a weight that stays dense is one that would be quantised if the type had a form for
     * its shape.
     */
    boolean misses(TensorInfo weight) {
        return (isMatrix(weight) || FusedExperts.is(weight)) && isChosen(weight.name());
    }

    private static boolean isMatrix(TensorInfo weight) {
        return weight.name().endsWith(WEIGHT) && weight.shape().rank() == 2;
    }

    private boolean isChosen(String name) {
        String general = general(name);
        if (!quantised.isEmpty() && donor.tensors().containsKey(name)) {
            return donor.quantisation().orElseThrow().weights().contains(name);
        }
        if (!quantised.isEmpty() && stored.contains(general)) {
            return quantised.contains(general);
        }
        return stacks.find(name).isPresent()
                && Arrays.stream(module(name).toLowerCase(Locale.ROOT).split("\\."))
                        .noneMatch(this::isNotLinear);
    }

    private boolean isNotLinear(String part) {
        return NOT_LINEAR.contains(part)
                || part.contains("embed")
                || part.contains("norm")
                || (transposed && TRANSPOSED_LAYERS.contains(part));
    }
}
