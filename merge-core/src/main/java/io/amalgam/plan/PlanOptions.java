package io.amalgam.plan;

import io.amalgam.recipe.Recipe.QuantisedType;
import java.util.Optional;

/**
 * What a plan depends on besides the recipe.
 *
 * @param seed of random methods
 * @param maxShardBytes size at which a new output file is begun; 0 for one file
 * @param tensors what to do about tensors that only some models have
 * @param strict whether warnings are errors
 * @param copyTokenizer whether the donor's tokenizer files are copied where the recipe says nothing
 *     of tokens
 * @param truncateEmbeddings whether tensors with a row for each token are cut to the fewest rows
 *     where models differ in them and the recipe says nothing of tokens
 * @param quantised what weights are quantised to, whatever the recipe says; empty for what it says
 */
public record PlanOptions(
        long seed,
        long maxShardBytes,
        TensorSet tensors,
        boolean strict,
        boolean copyTokenizer,
        boolean truncateEmbeddings,
        Optional<QuantisedType> quantised) {
    /** Tokenizer files are copied, and vocabularies that differ are refused. */
    public PlanOptions(long seed, long maxShardBytes, TensorSet tensors, boolean strict) {
        this(seed, maxShardBytes, tensors, strict, true, false, Optional.empty());
    }

    /** The shard size other tools use: five thousand million bytes. */
    public static final long DEFAULT_SHARD_BYTES = 5_000_000_000L;

    public static final PlanOptions DEFAULT =
            new PlanOptions(0, DEFAULT_SHARD_BYTES, TensorSet.SAME, false);

    /** These options with another seed. */
    public PlanOptions seed(long other) {
        return new PlanOptions(
                other,
                maxShardBytes,
                tensors,
                strict,
                copyTokenizer,
                truncateEmbeddings,
                quantised);
    }

    /** These options with warnings as errors, or not. */
    public PlanOptions strict(boolean wanted) {
        return new PlanOptions(
                seed, maxShardBytes, tensors, wanted, copyTokenizer, truncateEmbeddings, quantised);
    }

    /** These options with or without copies of tokenizer files. */
    public PlanOptions copyTokenizer(boolean wanted) {
        return new PlanOptions(
                seed, maxShardBytes, tensors, strict, wanted, truncateEmbeddings, quantised);
    }

    /** These options with or without cutting vocabularies that differ. */
    public PlanOptions truncateEmbeddings(boolean wanted) {
        return new PlanOptions(
                seed, maxShardBytes, tensors, strict, copyTokenizer, wanted, quantised);
    }

    /** These options with weights that are quantised to a type. */
    public PlanOptions quantised(QuantisedType type) {
        return new PlanOptions(
                seed,
                maxShardBytes,
                tensors,
                strict,
                copyTokenizer,
                truncateEmbeddings,
                Optional.of(type));
    }

    /** These options for a model that is written as its recipe says. */
    public PlanOptions dense() {
        return new PlanOptions(
                seed,
                maxShardBytes,
                tensors,
                strict,
                copyTokenizer,
                truncateEmbeddings,
                Optional.empty());
    }

    /** Which tensors are merged where models differ in what they have. */
    public enum TensorSet {
        /** All models must have the same tensors. */
        SAME,
        /** Every tensor, from the models that have it. */
        UNION,
        /** Only tensors that all models have. */
        INTERSECTION
    }
}
