package io.amalgam.plan;

import io.amalgam.recipe.Recipe.QuantisedType;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Options of a plan in addition to the recipe. Immutable.
 *
 * @param seed of random methods
 * @param maxShardBytes tensor bytes after which a new output file begins; 0 for a single file
 * @param tensors handling of tensors that only some models have
 * @param strict whether warnings are errors
 * @param copyTokenizer whether the donor's tokenizer files are copied, if the recipe has no
 *     tokenizer section
 * @param truncateEmbeddings whether embeddings and heads of different vocabulary sizes are cut to
 *     the smallest, if the recipe has no tokenizer section
 * @param quantised type of quantised weights, overriding the recipe; empty to follow it
 * @param allowRescaled whether models are combined whose quantisation moved scales between tensors
 *     (AWQ)
 */
public record PlanOptions(
        long seed,
        long maxShardBytes,
        TensorSet tensors,
        boolean strict,
        boolean copyTokenizer,
        boolean truncateEmbeddings,
        Optional<QuantisedType> quantised,
        boolean allowRescaled) {
    /** Tokenizer files are copied, and vocabularies that differ are refused. */
    public PlanOptions(long seed, long maxShardBytes, TensorSet tensors, boolean strict) {
        this(seed, maxShardBytes, tensors, strict, true, false, Optional.empty(), false);
    }

    /** The shard size of other tools: 5 * 10^9 bytes. */
    public static final long DEFAULT_SHARD_BYTES = 5_000_000_000L;

    /** The options of {@code amalgam merge} without arguments. */
    public static final PlanOptions DEFAULT =
            new PlanOptions(0, DEFAULT_SHARD_BYTES, TensorSet.SAME, false);

    /** These options with another seed. */
    public PlanOptions seed(long other) {
        return with(values -> values.seed = other);
    }

    /** These options with files of at most so many bytes of tensors; 0 for a single file. */
    public PlanOptions maxShardBytes(long bytes) {
        return with(values -> values.maxShardBytes = bytes);
    }

    /** These options with warnings as errors, or not. */
    public PlanOptions strict(boolean wanted) {
        return with(values -> values.strict = wanted);
    }

    /** These options with or without copies of tokenizer files. */
    public PlanOptions copyTokenizer(boolean wanted) {
        return with(values -> values.copyTokenizer = wanted);
    }

    /** These options with or without cutting vocabularies that differ. */
    public PlanOptions truncateEmbeddings(boolean wanted) {
        return with(values -> values.truncateEmbeddings = wanted);
    }

    /** These options with weights that are quantised to a type. */
    public PlanOptions quantised(QuantisedType type) {
        return with(values -> values.quantised = Optional.of(type));
    }

    /** These options for a model that is written as its recipe says. */
    public PlanOptions dense() {
        return with(values -> values.quantised = Optional.empty());
    }

    /** These options with or without models whose quantisation moved scales between tensors. */
    public PlanOptions allowRescaled(boolean allowed) {
        return with(values -> values.allowRescaled = allowed);
    }

    /** Which tensors to merge if models have different ones. */
    public enum TensorSet {
        /** All models must have the same tensors. */
        SAME,
        /** Every tensor, from the models that have it. */
        UNION,
        /** Only tensors that all models have. */
        INTERSECTION
    }

    private PlanOptions with(Consumer<Values> change) {
        Values values = new Values(this);
        change.accept(values);
        return values.options();
    }

    /** All components, one of which is about to change. */
    private static final class Values {
        long seed;
        long maxShardBytes;
        TensorSet tensors;
        boolean strict;
        boolean copyTokenizer;
        boolean truncateEmbeddings;
        Optional<QuantisedType> quantised;
        boolean allowRescaled;

        Values(PlanOptions options) {
            seed = options.seed;
            maxShardBytes = options.maxShardBytes;
            tensors = options.tensors;
            strict = options.strict;
            copyTokenizer = options.copyTokenizer;
            truncateEmbeddings = options.truncateEmbeddings;
            quantised = options.quantised;
            allowRescaled = options.allowRescaled;
        }

        PlanOptions options() {
            return new PlanOptions(
                    seed,
                    maxShardBytes,
                    tensors,
                    strict,
                    copyTokenizer,
                    truncateEmbeddings,
                    quantised,
                    allowRescaled);
        }
    }
}
