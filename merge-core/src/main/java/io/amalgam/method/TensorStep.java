package io.amalgam.method;

import java.io.IOException;

/**
 * One step to compute an output tensor. A method declares its work on a tensor as a chain of steps;
 * the engine owns loops, threads and files.
 *
 * <ul>
 *   <li>{@link Copy}: the output is one input, unchanged.
 *   <li>{@link CopyEqual}: the inputs must be equal, and one is the output.
 *   <li>{@link CopyLargest}: the element-wise maximum of integers.
 *   <li>{@link Combine}: computes each block of the output from the same block of the inputs.
 *       Always the last step.
 *   <li>{@link Reduce}: folds all blocks into a state, then returns the next step.
 *   <li>{@link Sample}: reads a few places, then returns the next step.
 *   <li>{@link FullTensor}: reads and writes in any order, in the memory of one tensor; for
 *       decompositions and plug-ins.
 * </ul>
 *
 * <p>Steps are immutable and used by several threads at once.
 */
public sealed interface TensorStep {

    /**
     * The output is input {@code input}: bytes are copied if types agree, else each element is
     * rounded once.
     */
    record Copy(int input) implements TensorStep {}

    /**
     * All inputs must hold the same bytes, which become the output: for integers and booleans,
     * which are never averaged.
     */
    record CopyEqual() implements TensorStep {}

    /** The element-wise maximum of the inputs, which are integers or booleans of one type. */
    record CopyLargest() implements TensorStep {}

    /**
     * Element-wise, or row-wise: each output block is a function of the same block of the inputs.
     * Inputs of another shape than the output's, as statistics may be, are not in blocks.
     */
    non-sealed interface Combine extends TensorStep {
        /** Writes {@code in.length()} elements to {@code out}, which may be longer. */
        void combine(Block in, float[] out);

        /** Whether an input is needed; others are not read. */
        default boolean reads(int input) {
            return true;
        }

        /**
         * The number of elements that blocks must start at, and extend over, multiples of: 1 for
         * element-wise steps, else the length of a row. A block contains at least one whole row,
         * however long.
         */
        default long rowLength() {
            return 1;
        }

        /**
         * Maximum scratch memory for each element of a row, in bytes, besides the inputs and the
         * output. The engine asks where rows are longer than its blocks.
         */
        default int scratchBytes(int inputs) {
            return 2 * inputs * Float.BYTES;
        }
    }

    /**
     * A pass over all blocks that folds them into a small state.
     *
     * <p>The tensor is cut into units of a fixed length. Each unit folds its blocks in order into
     * its own state, and the states are merged in the order of the units, so the result does not
     * depend on threads or block sizes.
     *
     * @param <S> the state
     */
    non-sealed interface Reduce<S> extends TensorStep {
        /** A new, empty state. */
        S newState();

        /** Adds a block of all inputs to the state. */
        void fold(S state, Block in);

        /** Adds the state of later units. Returns either operand or a new state. */
        S merge(S earlier, S later);

        /** The step that follows once all blocks are folded. */
        TensorStep next(S total);

        /**
         * Whether fold and merge are exact in any order (integer counts). If so, there is one state
         * per worker instead of one per unit, and it may be large.
         */
        default boolean anyOrder() {
            return false;
        }

        /** Whether an input is needed; others are not read. */
        default boolean reads(int input) {
            return true;
        }

        /** As {@link Combine#rowLength()}. */
        default long rowLength() {
            return 1;
        }

        /**
         * As {@link Combine#scratchBytes}; following steps on the same rows need no more, with
         * their output.
         */
        default int scratchBytes(int inputs) {
            return 2 * inputs * Float.BYTES;
        }

        /**
         * Maximum heap memory, in bytes, of what this step and the following ones keep of a tensor
         * from pass to pass: the states of so many units, masks, numbers for each row. The plan
         * declares it with the tensor's first step, and the engine begins as many tensors as fit.
         */
        default long bytesKept(long units) {
            return 0;
        }

        /**
         * This step, or the following step with longer rows. The plan checks and declares memory
         * for the rows of this step alone.
         */
        default TensorStep longestRows() {
            return this;
        }
    }

    /** Reads of parts of the inputs by one worker. */
    non-sealed interface Sample extends TensorStep {
        /** The step that follows, chosen by the samples that it reads. */
        TensorStep next(Reader reader) throws IOException;
    }

    /** Work on whole tensors by one worker. */
    non-sealed interface FullTensor extends TensorStep {
        /** Reads the inputs whole, in any order, and writes the whole output. */
        void run(Reader reader, Writer writer) throws IOException;

        /** Maximum heap memory of {@link #run}, in bytes. */
        long bytesHeld();
    }

    /** Random access to the inputs. */
    interface Reader {
        /** Maximum number of elements per read. */
        int capacity();

        /** Reads {@code count} elements of an input as float32. */
        void read(int input, long from, int count, float[] dst, int at) throws IOException;

        /** All values of an input of so many elements; see {@link TensorCall#shape}. */
        default float[] whole(int input, int elements) throws IOException {
            float[] values = new float[elements];
            for (int from = 0; from < elements; from += capacity()) {
                read(input, from, Math.min(capacity(), elements - from), values, from);
            }
            return values;
        }
    }

    /** Random access to the output. */
    interface Writer {
        /**
         * Rounds and writes {@code count} elements, at most the reader's capacity. Each element
         * must be written exactly once.
         */
        void write(long from, float[] src, int count) throws IOException;
    }
}
