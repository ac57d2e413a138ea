package io.amalgam.internal.engine;

import io.amalgam.engine.MergeListener;
import io.amalgam.error.Problem;
import io.amalgam.plan.MergePlan;
import java.nio.file.Path;
import java.util.Optional;

/** Passes all it is told on to another listener. */
public interface ForwardingListener extends MergeListener {
    /** Who is told, at the time of each call. */
    MergeListener listener();

    @Override
    default void stage(Stage stage) {
        listener().stage(stage);
    }

    @Override
    default void stageSkipped(Stage stage) {
        listener().stageSkipped(stage);
    }

    @Override
    default void result(Path out) {
        listener().result(out);
    }

    @Override
    default void startedAfresh() {
        listener().startedAfresh();
    }

    @Override
    default void wasFinished() {
        listener().wasFinished();
    }

    @Override
    default void warned(Problem warning) {
        listener().warned(warning);
    }

    @Override
    default void started(MergePlan plan, int resumed) {
        listener().started(plan, resumed);
    }

    @Override
    default void tookOver(int parts, int of) {
        listener().tookOver(parts, of);
    }

    @Override
    default void preparing(String title, long done, long of) {
        listener().preparing(title, done, of);
    }

    @Override
    default void surveying(int pass, int passes) {
        listener().surveying(pass, passes);
    }

    @Override
    default void progressed(Progress progress) {
        listener().progressed(progress);
    }

    @Override
    default Optional<Observer> observer() {
        return listener().observer();
    }
}
