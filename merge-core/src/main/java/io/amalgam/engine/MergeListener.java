package io.amalgam.engine;

import io.amalgam.error.Problem;
import io.amalgam.method.Block;
import io.amalgam.plan.MergePlan;
import io.amalgam.plan.TensorTask;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Receives the progress of a merge, on the thread that runs it. A recipe with named documents
 * ({@link io.amalgam.RecipeMerge}) makes several merges: each is announced, and what follows is of
 * that merge up to the next announcement.
 *
 * <p>In this order: announcement, {@link #startedAfresh}, {@link #warned}, {@link #started}, {@link
 * #preparing}, {@link #surveying}, {@link #progressed} several times a second. An output that is
 * complete already gives {@link #wasFinished} instead. An exception from a listener ends the merge
 * as a failure to write does: what was written can be resumed.
 */
public interface MergeListener {
    /** A listener that ignores everything. */
    MergeListener NONE = new MergeListener() {};

    /** The merge of a named document begins, whose result is written. */
    default void stage(Stage stage) {}

    /** The result of a named document is there from an earlier run. */
    default void stageSkipped(Stage stage) {}

    /** The merge of the document without a name begins. */
    default void result(Path out) {}

    /**
     * A named document of a recipe whose result is written.
     *
     * @param number of the stage among those that are written, from 1
     * @param of how many are written; the result comes after them
     * @param directory of its result
     */
    record Stage(String name, int number, int of, Path directory) {}

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
     * The first tensor is about to be merged, or what comes before it.
     *
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

    /** Several times a second, and at the end. */
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
     * Watches a tensor that is combined element by element: others, copies, and what an earlier run
     * wrote are not shown. Used by several threads with different states; units, order and so the
     * bits of sums do not depend on threads or memory.
     *
     * @param <S> the state of a unit of the tensor
     */
    interface Watch<S> {
        /**
         * Of how many elements one is shown; 1 shows all. A sample has a stretch of 1024 elements
         * of each {@code 1024 * oneIn}, in an order that no shape repeats. Its places depend on
         * nothing else.
         */
        default int oneIn() {
            return 1;
        }

        /** A new, empty state. */
        S newState();

        /**
         * @param in inputs, numbered as in the task, and where their elements are in the tensor
         * @param out the output as it is stored, rounded to its type
         */
        void see(S state, Block in, float[] out);

        /** Adds what comes later in the tensor. Returns either operand or a new state. */
        S merge(S earlier, S later);

        /** All units of the tensor were seen. */
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
