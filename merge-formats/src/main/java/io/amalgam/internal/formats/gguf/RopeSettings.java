package io.amalgam.internal.formats.gguf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;
import java.util.Optional;

/**
 * What a configuration says of rotary positions, in either spelling: {@code rope_theta} and {@code
 * rope_scaling} of transformers 4, or {@code rope_parameters} of transformers 5.
 *
 * @param all the settings of layers that see the whole text
 * @param base of them
 * @param localBase of layers with a window
 */
record RopeSettings(
        ModelSettings all,
        Optional<Double> base,
        Optional<Double> localBase,
        Optional<Double> rotated,
        Optional<Long> trainedLength) {
    static RopeSettings of(ObjectNode config) {
        ModelSettings settings = ModelSettings.of(config);
        ModelSettings rope = settings.section("rope_parameters", "rope_scaling");
        boolean byKind = rope.has("full_attention") || rope.has("sliding_attention");
        ModelSettings full = rope.has("full_attention") ? rope.section("full_attention") : rope;
        Optional<Double> local =
                byKind
                        ? rope.section("sliding_attention").real("rope_theta")
                        : settings.real("rope_local_base_freq");
        return new RopeSettings(
                full,
                full.real("rope_theta").or(() -> settings.real("rope_theta")),
                local,
                full.real("partial_rotary_factor").or(() -> settings.real("partial_rotary_factor")),
                full.whole("original_max_position_embeddings")
                        .or(() -> settings.whole("original_max_position_embeddings")));
    }

    /** How positions are stretched: {@code default} if they are not. */
    String type() {
        return all.text("rope_type", "type").orElse("default").toLowerCase(Locale.ROOT);
    }

    /** The two lists of Phi-3 with long texts. */
    boolean hasFactors() {
        return all.has("long_factor");
    }
}
