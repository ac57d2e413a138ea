package io.amalgam.method;

import java.io.IOException;

/**
 * One step of computing an output tensor. A method says what a tensor needs as a chain of stages;
 * the engine owns loops, threads and files.
 *
 * <ul>
 *   <li>{@link Copy}: the output is one input, unchanged.
 *   <li>{@link CopyEqual}: the output is what all inputs agree on.
 *   <li>{@link CopyLargest}: the output is the largest of integers.
 *   <li>{@link Combine}: blocks of all inputs to a block of output. Always the last of a chain.
 *   <li>{@link Reduce}: folds every block into a state, then says what comes next.
 *   <li>{@link Sample}: looks at a few places, then says what comes next.
 *   <li>{@link FullTensor}: reads and writes as it likes, holding one tensor's worth; for
 *       decompositions and plug-ins.
 * </ul>
 *
 * <p>Stages of one tensor are used by several threads at once: all they hold is fixed when they are
 * made.
 */
public sealed interface TensorStep {

    /**
     * The output is input {@code input}: bytes are copied where types agree, else each element is
     * rounded once.
     */
    record Copy(int input) implements TensorStep {}

    /**
     * All inputs must hold the same bytes, which become the output: for integers and booleans,
     * which are never averaged.
     */
    record CopyEqual() implements TensorStep {}

    /** Element by element the largest of the inputs, which are integers or booleans of one type. */
    record CopyLargest() implements TensorStep {}

    /**
     * Element-wise, or row-wise: each output block is a function of the same block of the inputs.
     */
    non-sealed interface Combine extends TensorStep {
        /** Writes {@code in.length()} elements to {@code out}, which may be longer. */
        void combine(Block in, float[] out);

        /** Whether an input's values are looked at; those of others are not read. */
        default boolean reads(int input) {
            return true;
        }

        /**
         * Whole rows a block must hold: 1 for element-wise work, else the number of elements blocks
         * start at and extend over multiples of. A block then holds at least one such row, however
         * long.
         */
        default long rowLength() {
            return 1;
        }
    }

    /**
     * A pass over all blocks that ends in a small state.
     *
     * <p>The tensor is cut into units of a fixed length; each unit folds its blocks in order into a
     * state of its own, and the states are merged in the order of the units, so that the result
     * does not depend on threads or block sizes.
     *
     * @param <S> the state
     */
    non-sealed interface Reduce<S> extends TensorStep {
        S newState();

        void fold(S state, Block in);

        /** Adds what comes later in the tensor. Returns either operand or a new state. */
        S merge(S earlier, S later);

        TensorStep next(S total);

        /**
         * Whether fold and merge are exact in any order (integer counts): states are then made one
         * for each worker, not one for each unit, and may be large.
         */
        default boolean anyOrder() {
            return false;
        }

        /** Whether an input's values are looked at; those of others are not read. */
        default boolean reads(int input) {
            return true;
        }

        /** As {@link Combine#rowLength()}. */
        default long rowLength() {
            return 1;
        }
    }

    /** A look at parts of the inputs by one worker. */
    non-sealed interface Sample extends TensorStep {
        TensorStep next(Reader reader) throws IOException;
    }

    /** Work on whole tensors by one worker. */
    non-sealed interface FullTensor extends TensorStep {
        void run(Reader reader, Writer writer) throws IOException;

        /** The most heap memory {@link #run} holds, in bytes. */
        long bytesHeld();
    }

    /** Random access to the inputs. */
    interface Reader {
        /** The most elements one read may ask for. */
        int capacity();

        /** Reads {@code count} elements of an input as float32. */
        void read(int input, long from, int count, float[] dst, int at) throws IOException;
    }

    /** Random access to the output. */
    interface Writer {
        /**
         * Rounds and writes {@code count} elements, at most the reader's capacity. Each element is
         * to be written once.
         */
        void write(long from, float[] src, int count) throws IOException;
    }
}
