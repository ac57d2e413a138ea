package io.amalgam.internal.stages;

import io.amalgam.engine.MergeListener;
import io.amalgam.internal.stages.StagedPlan.Step;
import java.nio.file.Path;

/** Receives the progress of a staged merge, on the merging thread. */
public interface StageListener {
    /** Hears nothing. */
    StageListener NONE = new StageListener() {};

    /** A stage begins to be written. */
    default void stage(Step step, Path directory) {}

    /** A stage is there, whole, from an earlier run. */
    default void skipped(Step step, Path directory) {}

    /** The result begins to be written. */
    default void result(Path directory) {}

    /** Who hears of the merge that was just announced. */
    default MergeListener merging() {
        return MergeListener.NONE;
    }
}
