package io.amalgam.internal.tokenizer;

import java.util.Optional;

/**
 * A recipe's rule for one row of the embeddings.
 *
 * @param origin the row it is a copy of; empty for zeros
 * @param force whether models that have the token take this row too
 */
public record RowRule(Optional<Copy> origin, boolean force) {
    /**
     * @param model index among the models that have the tensor
     * @param row of that model's tensor
     */
    public record Copy(int model, int row) {}
}
