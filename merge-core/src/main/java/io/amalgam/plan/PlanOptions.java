package io.amalgam.plan;

/**
 * What a plan depends on besides the recipe.
 *
 * @param seed of random methods
 * @param maxShardBytes size at which a new output file is begun; 0 for one file
 * @param tensors what to do about tensors that only some models have
 * @param strict whether warnings are errors
 */
public record PlanOptions(long seed, long maxShardBytes, TensorSet tensors, boolean strict) {
    /** The shard size other tools use: five thousand million bytes. */
    public static final long DEFAULT_SHARD_BYTES = 5_000_000_000L;

    public static final PlanOptions DEFAULT =
            new PlanOptions(0, DEFAULT_SHARD_BYTES, TensorSet.SAME, false);

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
