package io.amalgam.engine;

import io.amalgam.error.Problem;
import io.amalgam.plan.MergePlan;

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

    /**
     * @param tensors finished
     * @param bytesWritten of the output, those of earlier runs included
     * @param bytesTotal of the output
     * @param bytesMoved read and written by this run, every pass counted
     * @param nanos since the run began
     */
    record Progress(int tensors, long bytesWritten, long bytesTotal, long bytesMoved, long nanos) {}
}
