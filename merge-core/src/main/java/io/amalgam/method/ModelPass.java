package io.amalgam.method;

import java.util.function.IntFunction;

/**
 * What a method finds out about the whole model before it combines any tensor: passes over all
 * tensors, then a stage for each. As {@link TensorStep} is for a tensor, so is this for a model:
 * the method says what it needs, the engine owns loops, threads and files.
 *
 * <p>All that a pass holds is fixed when it is made: several threads use it at once.
 */
public sealed interface ModelPass {

    /**
     * A pass over all tensors that ends in a small state.
     *
     * <p>Tensors are cut into units, each unit folds its blocks in order into a state of its own,
     * and the states are merged in the order of the tensors and, within one, of the units; so the
     * total does not depend on threads or block sizes. A tensor of which nothing is read is left
     * out.
     *
     * @param <S> the state
     */
    non-sealed interface Pass<S> extends ModelPass {
        S newState();

        /**
         * Adds a block.
         *
         * @param tensor position of its tensor among the calls the method was given
         */
        void fold(S state, int tensor, Block in);

        /** Adds what comes later in the model. Returns either operand or a new state. */
        S merge(S earlier, S later);

        ModelPass next(S total);

        /**
         * Whether fold and merge are exact in any order (integer counts): there is then one state
         * for each worker, not one for each unit, and it may be large.
         */
        default boolean anyOrder() {
            return false;
        }

        /**
         * Whether NaN and infinities are as good as other numbers to it: models that have some are
         * judged, and may be left out. Else they are refused where they are read.
         */
        default boolean takesNonfinite() {
            return false;
        }

        /** Whether values of an input of a tensor are looked at; those of others are not read. */
        default boolean reads(int tensor, int input) {
            return true;
        }

        /** The most bytes a state of this pass or of a later one takes. */
        long stateBytes();

        /** How many passes there are from this one on, at most. */
        int passes();
    }

    /**
     * All is known: how each tensor is computed.
     *
     * @param stages by the tensor's position; asked when it is computed, by one thread for each
     */
    record Done(IntFunction<TensorStep> stages) implements ModelPass {}

    /** The same for a model that has one tensor only, as the chain of that tensor's stages. */
    default TensorStep ofOneTensor() {
        if (this instanceof Pass<?> pass) {
            return new SingleTensorPass<>(pass);
        }
        return ((Done) this).stages().apply(0);
    }
}
