package io.amalgam.internal.plan;

import com.fasterxml.jackson.databind.JsonNode;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.layers.NonLayerTensors;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * How many rows a model has for tokens.
 *
 * @param stored rows of its embedding, or of its head; -1 if it has neither
 * @param configured what its configuration says; -1 if it says nothing
 */
record TokenRows(long stored, long configured) {
    private static final List<String> SECTIONS =
            List.of("text_config", "llm_config", "language_config", "thinker_config");

    static TokenRows of(OpenModels.Model model) {
        long stored =
                first(model, NonLayerTensors::isEmbedding)
                        .or(() -> first(model, NonLayerTensors::isHead))
                        .orElse(-1L);
        return new TokenRows(
                stored, model.checkpoint.config().map(TokenRows::configured).orElse(-1L));
    }

    private static Optional<Long> first(OpenModels.Model model, Predicate<String> kind) {
        return model.tensors.values().stream()
                .map(TensorSource::info)
                .filter(info -> kind.test(info.name()) && info.shape().rank() > 0)
                .map(info -> info.shape().dim(0))
                .findFirst();
    }

    private static long configured(JsonNode config) {
        JsonNode size = config.path("vocab_size");
        if (size.isIntegralNumber() && size.asLong() > 0) {
            return size.asLong();
        }
        for (String section : SECTIONS) {
            if (config.path(section).isObject()) {
                return configured(config.path(section));
            }
        }
        return -1;
    }

    /** Whether a tensor with so many rows has one for each token. */
    boolean isByToken(long rows) {
        return rows == stored || rows == configured;
    }

    /** Ids from here on have no row. */
    int limit() {
        long limit =
                stored < 0 ? configured : configured < 0 ? stored : Math.min(stored, configured);
        return limit < 0 ? Integer.MAX_VALUE : (int) Math.min(limit, Integer.MAX_VALUE);
    }
}
