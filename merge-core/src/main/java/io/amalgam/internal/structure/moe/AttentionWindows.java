package io.amalgam.internal.structure.moe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint.ModelFacts;
import io.amalgam.error.Problem;
import io.amalgam.internal.config.ConfigNumbers;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Layers that see a window of the latest tokens only. All of Mistral's do where {@code
 * sliding_window} is a number; of Qwen2's and Qwen3's, where {@code use_sliding_window} says so,
 * those that {@code layer_types} names, or else those from {@code max_window_layers} on.
 */
final class AttentionWindows {
    private static final String WINDOW = "sliding_window";
    private static final String USED = "use_sliding_window";
    private static final String FULL = "max_window_layers";
    private static final String TYPES = "layer_types";
    private static final String SLIDING = "sliding_attention";

    /** Of Qwen2 and Qwen3, where nothing is said. */
    private static final int FULL_LAYERS = 28;

    private AttentionWindows() {}

    /**
     * Looks at the numbers that {@link #keep} and {@link #lost} read.
     *
     * @throws io.amalgam.error.BadInputException if one of them is none
     */
    static void require(ObjectNode base, String model) {
        ConfigNumbers numbers =
                new ConfigNumbers(base, model, "the mixture's layers see what this says");
        if (everywhere(base) || numbers.flag(USED)) {
            numbers.whole(WINDOW, 1, 1);
            numbers.whole(FULL, 0, FULL_LAYERS);
        }
    }

    /**
     * Says in a mixture's configuration what a dense model's says. Qwen MoE counts its layers
     * otherwise where nothing is said, so each is named.
     */
    static void keep(ObjectNode base, ObjectNode mixture, MoeFamily family) {
        boolean everywhere = everywhere(base);
        if (!used(base)) {
            return;
        }
        JsonNode window = base.path(WINDOW);
        List<Boolean> seen = windowed(base);
        if (family == MoeFamily.MIXTRAL && everywhere) {
            mixture.set(WINDOW, window);
        }
        if (family == MoeFamily.QWEN3 && !seen.contains(true)) {
            // It has one kind of layer, whatever the counts beside it say.
            mixture.put(USED, false);
        }
        if (family == MoeFamily.QWEN2) {
            mixture.set(WINDOW, window);
            mixture.put(USED, true);
            mixture.put(FULL, everywhere ? 0 : base.path(FULL).asInt(FULL_LAYERS));
            ArrayNode types = mixture.putArray(TYPES);
            for (int layer = 0; layer < seen.size(); layer++) {
                String type = seen.get(layer) ? SLIDING : "full_attention";
                JsonNode given = base.path(TYPES);
                types.add(given.has(layer) && !everywhere ? given.get(layer).asText() : type);
            }
        }
    }

    /** A warning where a mixture's layers see another part of a text than the dense model's. */
    static Optional<Problem> lost(ObjectNode base, MoeFamily family, String model) {
        if (!used(base)) {
            return Optional.empty();
        }
        List<Boolean> seen = windowed(base);
        long windows = seen.stream().filter(windowed -> windowed).count();
        boolean all = family == MoeFamily.QWEN3 && windows > 0;
        boolean one = family == MoeFamily.QWEN3 || family == MoeFamily.DEEPSEEK;
        if (!one || windows == (all ? seen.size() : 0)) {
            return Optional.empty();
        }
        int tokens = base.path(WINDOW).asInt();
        return Optional.of(
                Problem.expected(
                                "layers that see the latest %d tokens only".formatted(tokens),
                                windows + " of " + seen.size() + " as in '" + model + "'",
                                (all ? "all" : "none")
                                        + ": all layers of a "
                                        + family.title()
                                        + " model are of one kind")
                        .hint(
                                "longer texts are read differently until the mixture is trained"
                                        + (all
                                                ? "; 'use_sliding_window: false' in the output's config.json lets all layers see everything"
                                                : "")));
    }

    private static boolean everywhere(ObjectNode base) {
        return ModelFacts.of(base).type().equals("mistral");
    }

    private static boolean used(ObjectNode base) {
        return base.path(WINDOW).isNumber()
                && (everywhere(base) || base.path(USED).asBoolean(false));
    }

    /** For each layer whether it sees a window, where windows are used. */
    private static List<Boolean> windowed(ObjectNode base) {
        int full = everywhere(base) ? 0 : base.path(FULL).asInt(FULL_LAYERS);
        JsonNode types = everywhere(base) ? MissingNode.getInstance() : base.path(TYPES);
        List<Boolean> windowed = new ArrayList<>();
        for (int layer = 0; layer < ModelFacts.of(base).layers(); layer++) {
            windowed.add(
                    types.has(layer) ? types.get(layer).asText().equals(SLIDING) : layer >= full);
        }
        return windowed;
    }
}
