package io.amalgam.engine;

import io.amalgam.error.Problem;
import io.amalgam.method.Block;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.TensorTask;
import java.util.Optional;

/** Receives the progress of a merge, on the merging thread, a few times a second. */
public interface MergeListener {
    /** A listener that ignores everything. */
    MergeListener NONE = new MergeListener() {};

    /**
     * An interrupted run was found, but nothing of it was finished: the merge starts from the
     * beginning.
     */
    default void startedAfresh() {}

    /** The result of an earlier run is complete: nothing is done. */
    default void wasFinished() {}

    /** A warning, before the first tensor. */
    default void warned(Problem warning) {}

    /**
     * @param resumed number of tensors finished by an earlier run
     */
    default void started(MergePlan plan, int resumed) {}

    /**
     * A merge in parts on several machines begins or goes on.
     *
     * @param parts that an earlier run has finished, and that are not merged again
     * @param of how many there are
     */
    default void tookOver(int parts, int of) {}

    /**
     * Progress of work before the first tensor: a forward pass over prompts, an alignment,
     * statistics.
     *
     * @param title what it is
     * @param done in any unit; equal to {@code of} at the end
     */
    default void preparing(String title, long done, long of) {}

    /**
     * A pass over the whole model begins, before the first tensor is combined.
     *
     * @param pass its number, from 1
     * @param passes how many there are at most
     */
    default void surveying(int pass, int passes) {}

    default void progressed(Progress progress) {}

    /** What sees values as they are computed. */
    default Optional<Observer> observer() {
        return Optional.empty();
    }

    /** Sees values of tensors as they are computed, so that nothing is read again for it. */
    interface Observer {
        /**
         * Bytes that one worker holds for it. Where they do not fit the memory of the run, nothing
         * is shown.
         */
        long bytesHeld(int inputs, int blockElements);

        /** What watches a tensor. */
        Optional<Watch<?>> watch(TensorTask task);
    }

    /**
     * Watches a tensor. Shown are all elements of tensors that are combined element by element:
     * others, copies, and what an earlier run wrote are not. Used by several threads with different
     * states; units, order and so the bits of sums do not depend on threads or memory.
     *
     * @param <S> the state of a unit of the tensor
     */
    interface Watch<S> {
        S newState();

        /**
         * @param in inputs, numbered as in the task
         * @param out the output as it is stored, rounded to its type
         */
        void see(S state, Block in, float[] out);

        /** Adds what comes later in the tensor. Returns either operand or a new state. */
        S merge(S earlier, S later);

        /** All of the tensor was shown. */
        void done(S total);
    }

    /**
     * @param tensors finished
     * @param bytesWritten of the output, those of earlier runs included
     * @param bytesTotal of the output
     * @param bytesMoved read and written by this run, every pass counted
     * @param nanos since the run began
     */
    record Progress(int tensors, long bytesWritten, long bytesTotal, long bytesMoved, long nanos) {}
}
