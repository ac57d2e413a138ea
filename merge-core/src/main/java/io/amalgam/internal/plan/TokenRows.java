package io.amalgam.internal.plan;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.layers.NonLayerTensors;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The number of a model's rows for tokens.
 *
 * @param stored rows of its embedding, or of its head; -1 if it has neither
 * @param behind rows that its embedding has behind those, for what is no token: its head and its
 *     configuration know fewer (Mllama's image token)
 * @param configured what its configuration says; -1 if it says nothing
 */
record TokenRows(long stored, long behind, long configured) {
    static TokenRows of(OpenModels.Model model) {
        return of(model.tensors, model.checkpoint);
    }

    static TokenRows of(Checkpoint checkpoint) {
        return of(checkpoint.tensors(), checkpoint);
    }

    private static TokenRows of(
            Map<String, ? extends TensorSource> tensors, Checkpoint checkpoint) {
        long head = first(tensors, NonLayerTensors::isHead).orElse(-1L);
        long embedding = first(tensors, NonLayerTensors::isEmbedding).orElse(head);
        long configured = checkpoint.facts().vocabulary();
        boolean more = head > 0 && head == configured && embedding > head;
        return new TokenRows(more ? head : embedding, more ? embedding - head : 0, configured);
    }

    private static Optional<Long> first(
            Map<String, ? extends TensorSource> tensors, Predicate<String> kind) {
        return tensors.values().stream()
                .map(TensorSource::info)
                .filter(info -> kind.test(info.name()) && info.shape().rank() > 0)
                .map(info -> info.shape().dim(0))
                .findFirst();
    }

    /** Whether a tensor with so many rows has one for each token. */
    boolean isByToken(long rows) {
        return rows == stored || rows == configured || rows == stored + behind;
    }

    /** How many of a tensor's rows stand behind those for tokens. */
    int behind(long rows) {
        return behind > 0 && rows == stored + behind ? Math.toIntExact(behind) : 0;
    }

    /** Ids from here on have no row. */
    int limit() {
        long limit =
                stored < 0 ? configured : configured < 0 ? stored : Math.min(stored, configured);
        return limit < 0 ? Integer.MAX_VALUE : (int) Math.min(limit, Integer.MAX_VALUE);
    }
}
