package io.amalgam.internal.align.groups;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.internal.config.ConfigSections;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a configuration says of attention.
 *
 * @param queries heads of queries; 0 if it is not said
 * @param keys heads of keys and values
 * @param size units of a head; 0 if it is not said
 * @param positions how positions enter: which units and heads are like others
 * @param type of the model
 */
record HeadCounts(int queries, int keys, int size, Positions positions, String type) {
    /** How a model knows positions. */
    enum Positions {
        /** Vectors that are added to the stream. */
        LEARNED,
        /** Each pair of query and key units turns at its own rate. */
        ROTARY,
        /** Each head has its own slope. */
        SLOPES,
        UNKNOWN
    }

    private static final Set<String> SLOPED = Set.of("bloom", "mpt");
    private static final List<String> TURNED =
            List.of(
                    "rope_parameters",
                    "rope_theta",
                    "rope_scaling",
                    "rotary_pct",
                    "rotary_dim",
                    "rotary_emb_base",
                    "partial_rotary_factor",
                    "rotary",
                    "global_rope_theta");

    static HeadCounts of(Optional<ObjectNode> config, boolean positionTable) {
        if (config.isEmpty()) {
            return new HeadCounts(0, 0, 0, Positions.UNKNOWN, "");
        }
        List<ObjectNode> sections = ConfigSections.of(config.get());
        int queries =
                number(
                        sections,
                        "num_attention_heads",
                        "n_head",
                        "n_heads",
                        "num_heads",
                        "encoder_attention_heads");
        int keys = number(sections, "num_key_value_heads", "num_kv_heads", "n_head_kv");
        boolean single =
                sections.stream()
                        .anyMatch(
                                s ->
                                        s.path("multi_query").asBoolean(false)
                                                && !s.path("new_decoder_architecture")
                                                        .asBoolean(false));
        return new HeadCounts(
                queries,
                single ? 1 : keys > 0 ? keys : queries,
                number(sections, "head_dim", "kv_channels"),
                positions(sections, positionTable),
                config.get().path("model_type").asText(""));
    }

    private static int number(List<ObjectNode> sections, String... keys) {
        for (ObjectNode section : sections) {
            for (String key : keys) {
                JsonNode value = section.path(key);
                if (value.isIntegralNumber() && value.asInt() > 0) {
                    return value.asInt();
                }
            }
        }
        return 0;
    }

    private static Positions positions(List<ObjectNode> sections, boolean table) {
        for (ObjectNode section : sections) {
            boolean slopes =
                    section.path("alibi").asBoolean(false)
                            || section.path("attn_config").path("alibi").asBoolean(false)
                            || SLOPED.contains(section.path("model_type").asText(""));
            if (slopes) {
                return Positions.SLOPES;
            }
            String kind = section.path("position_embedding_type").asText("absolute");
            if (TURNED.stream().anyMatch(key -> section.hasNonNull(key))
                    || kind.startsWith("rot")
                    // Falcon's first configurations do not say what is not ALiBi.
                    || section.path("model_type")
                            .asText("")
                            .matches(".*(llama|mistral).*|falcon|RefinedWeb.*")) {
                return Positions.ROTARY;
            }
            if (!kind.equals("absolute")) {
                return Positions.UNKNOWN;
            }
        }
        return table ? Positions.LEARNED : Positions.UNKNOWN;
    }
}
