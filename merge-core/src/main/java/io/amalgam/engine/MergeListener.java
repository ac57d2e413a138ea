package io.amalgam.engine;

import io.amalgam.error.Problem;
import io.amalgam.plan.MergePlan;

/** Is told how a merge goes, by the thread that runs it, a few times a second. */
public interface MergeListener {
    /** Hears nothing. */
    MergeListener NONE = new MergeListener() {};

    /**
     * There was something to resume, but it was cut short before anything was done: the merge
     * begins anew.
     */
    default void startedAfresh() {}

    /** There was something to resume, and it is the whole result: nothing is done. */
    default void wasFinished() {}

    /** Something about the merge looks wrong and does not stop it; before anything is merged. */
    default void warned(Problem warning) {}

    /**
     * @param resumed tensors that an earlier run had finished
     */
    default void started(MergePlan plan, int resumed) {}

    /**
     * Work before the first tensor goes on: a forward pass over prompts, an alignment, statistics.
     *
     * @param title what it is
     * @param done in a unit of its own; equal to {@code of} when it is over
     */
    default void preparing(String title, long done, long of) {}

    /**
     * A pass over the whole model begins, before any tensor is combined.
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
