package io.amalgam.internal.plan;

import io.amalgam.checkpoint.ConfigChanges.VocabularyChange;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.error.Problem;
import io.amalgam.internal.checkpoint.SliceTensor;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;

/**
 * Tensors with a row for each token, cut to the fewest rows that any model has: what mergekit's
 * {@code --unsafe-truncate-embeddings} does.
 */
final class TruncatedRows {
    private final boolean wanted;
    private long fewest;
    private long most;

    /**
     * @param wanted if not, tensors stay as they are
     */
    TruncatedRows(boolean wanted) {
        this.wanted = wanted;
    }

    /**
     * Tensors that differ in their rows at most, with as many rows as the shortest; as they are
     * where other rows follow those of tokens.
     *
     * @param behind the number of such rows
     */
    List<TensorSource> in(List<TensorSource> stored, int behind) {
        long rows = rows(stored).min().orElse(0);
        long longest = rows(stored).max().orElse(0);
        if (!wanted || behind > 0 || rows == longest) {
            return stored;
        }
        fewest = rows;
        most = longest;
        return stored.stream().map(tensor -> cut(tensor, rows)).toList();
    }

    private static LongStream rows(List<TensorSource> tensors) {
        return tensors.stream().mapToLong(tensor -> tensor.info().shape().dim(0));
    }

    private static TensorSource cut(TensorSource tensor, long rows) {
        TensorInfo info = tensor.info();
        if (info.shape().dim(0) == rows) {
            return tensor;
        }
        long[] dims = new long[info.shape().rank()];
        for (int axis = 0; axis < dims.length; axis++) {
            dims[axis] = axis == 0 ? rows : info.shape().dim(axis);
        }
        return new SliceTensor(
                tensor, new TensorInfo(info.name(), info.dtype(), Shape.of(dims)), 0);
    }

    /**
     * The rows that are left, where any were cut off.
     *
     * @param before rows of the donor; negative if that is not known
     */
    Optional<VocabularyChange> change(long before) {
        return most == 0
                ? Optional.empty()
                : Optional.of(new VocabularyChange((int) fewest, before, Map.of()));
    }

    /** Says what was lost. */
    Optional<Problem> warning() {
        return most == 0
                ? Optional.empty()
                : Optional.of(
                        Problem.of(
                                        "embeddings are cut from up to %d rows to %d"
                                                .formatted(most, fewest))
                                .hint(
                                        "tokens from number %d on are lost, and rows of different tokens are merged where numbers differ; 'tokenizer: {source: union}' in the recipe keeps all"
                                                .formatted(fewest)));
    }
}
