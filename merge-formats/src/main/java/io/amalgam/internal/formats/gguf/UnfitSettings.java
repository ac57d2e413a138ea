package io.amalgam.internal.formats.gguf;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Settings that llama.cpp takes for granted: what it would compute otherwise than the model. */
final class UnfitSettings {
    private UnfitSettings() {}

    /**
     * Refuses what gives other results for every text.
     *
     * @throws BadInputException with the setting
     */
    static void require(GgufArchitecture architecture, ObjectNode config) {
        String activation =
                ModelSettings.of(config)
                        .text("hidden_activation", "hidden_act", "activation")
                        .orElse("");
        Set<String> known =
                architecture.encoder()
                        ? Set.of("gelu")
                        : architecture.shiftedNorms()
                                ? Set.of("gelu_pytorch_tanh", "gelu")
                                : Set.of("silu");
        if (!activation.isEmpty() && !known.contains(activation)) {
            refuse("the activation", String.join(" or ", known), activation, architecture);
        }
        String positions = config.path("position_embedding_type").asText("absolute");
        if (architecture.encoder() && !positions.equals("absolute")) {
            refuse("'position_embedding_type'", "absolute", positions, architecture);
        }
    }

    private static void refuse(
            String what, String expected, String found, GgufArchitecture architecture) {
        throw new BadInputException(
                Problem.expected(
                                what + " in config.json",
                                expected + ", which llama.cpp computes with",
                                "'" + found + "'")
                        .hint(
                                "a GGUF file of kind '"
                                        + architecture.gguf()
                                        + "' cannot say otherwise: write a folder"));
    }

    /** What differs for some texts. */
    static List<Problem> warnings(GgufArchitecture architecture, ObjectNode json) {
        List<Problem> warnings = new ArrayList<>();
        ModelSettings config = ModelSettings.of(json);
        if (RopeSettings.of(json).type().equals("dynamic")) {
            warnings.add(
                    Problem.of("'dynamic' scaling of rotary positions is not written to GGUF")
                            .hint("texts longer than in training are read otherwise"));
        }
        boolean windowed =
                (architecture == GgufArchitecture.MISTRAL
                                || architecture == GgufArchitecture.MIXTRAL)
                        || config.flag("use_sliding_window");
        if (windowed && config.has("sliding_window") && !architecture.shiftedNorms()) {
            warnings.add(
                    Problem.of("'sliding_window' is not written to GGUF of this architecture")
                            .hint("texts longer than it are read otherwise"));
        }
        if (architecture.shiftedNorms() && config.has("query_pre_attn_scalar")) {
            long scale = config.needed("query_pre_attn_scalar");
            long layers = config.needed("num_hidden_layers");
            boolean largest = layers == (architecture == GgufArchitecture.GEMMA2 ? 46 : 62);
            long assumed =
                    largest
                            ? config.needed("hidden_size") / config.needed("num_attention_heads")
                            : config.whole("head_dim").orElse(256L);
            if (scale != assumed) {
                warnings.add(
                        Problem.expected(
                                        "'query_pre_attn_scalar' in config.json",
                                        assumed + ", which llama.cpp assumes",
                                        scale)
                                .hint("attention is computed otherwise there"));
            }
        }
        return warnings;
    }
}
