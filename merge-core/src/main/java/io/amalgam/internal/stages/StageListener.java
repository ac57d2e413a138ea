package io.amalgam.internal.stages;

import io.amalgam.engine.MergeListener;
import io.amalgam.internal.stages.StagedPlan.Step;
import java.nio.file.Path;

/** Is told how a staged merge goes, by the thread that runs it. */
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
