package io.amalgam.method;

import java.util.function.IntFunction;

/**
 * Passes over the whole model before any tensor is combined, then a step for each tensor. The
 * counterpart of {@link TensorStep} for a model: the method declares what it needs, the engine owns
 * loops, threads and files.
 *
 * <p>A pass is immutable and used by several threads at once.
 */
public sealed interface ModelPass {

    /**
     * A pass over all tensors that folds them into a small state.
     *
     * <p>Tensors are cut into units. Each unit folds its blocks in order into its own state, and
     * the states are merged in the order of tensors and units, so the result does not depend on
     * threads or block sizes. Tensors with no input to read are left out.
     *
     * @param <S> the state
     */
    non-sealed interface Pass<S> extends ModelPass {
        /** A new, empty state. */
        S newState();

        /**
         * Adds a block.
         *
         * @param tensor position of the block's tensor in the list of calls
         */
        void fold(S state, int tensor, Block in);

        /** Adds the state of later parts of the model. Returns either operand or a new state. */
        S merge(S earlier, S later);

        /** What follows once all tensors are folded: another pass, or the steps of the tensors. */
        ModelPass next(S total);

        /**
         * Whether fold and merge are exact in any order (integer counts). If so, there is one state
         * per worker instead of one per unit, and it may be large.
         */
        default boolean anyOrder() {
            return false;
        }

        /**
         * Whether NaN and infinities are accepted, for methods that may leave out such models.
         * Otherwise they are an error.
         */
        default boolean takesNonfinite() {
            return false;
        }

        /** Whether an input of a tensor is needed; others are not read. */
        default boolean reads(int tensor, int input) {
            return true;
        }

        /** Maximum bytes of a state of this or a later pass. */
        long stateBytes();

        /** Maximum number of passes, from this one on. */
        int passes();
    }

    /**
     * The end of the passes: a step for each tensor.
     *
     * @param stages by the tensor's position; called when the tensor is computed, by one thread
     */
    record Done(IntFunction<TensorStep> stages) implements ModelPass {}

    /** The same for a model of a single tensor, as a chain of steps. */
    default TensorStep ofOneTensor() {
        if (this instanceof Pass<?> pass) {
            return new SingleTensorPass<>(pass);
        }
        return ((Done) this).stages().apply(0);
    }
}
