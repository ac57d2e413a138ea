package io.amalgam.cli.merge;

import io.amalgam.engine.MergeListener;
import io.amalgam.error.Problem;
import io.amalgam.plan.MergePlan;
import java.util.Optional;

/** A listener, and an observer beside it. */
record ObservedMerge(MergeListener listener, MergeListener.Observer seen) implements MergeListener {
    @Override
    public void startedAfresh() {
        listener.startedAfresh();
    }

    @Override
    public void wasFinished() {
        listener.wasFinished();
    }

    @Override
    public void warned(Problem warning) {
        listener.warned(warning);
    }

    @Override
    public void started(MergePlan plan, int resumed) {
        listener.started(plan, resumed);
    }

    @Override
    public void tookOver(int parts, int of) {
        listener.tookOver(parts, of);
    }

    @Override
    public void preparing(String title, long done, long of) {
        listener.preparing(title, done, of);
    }

    @Override
    public void surveying(int pass, int passes) {
        listener.surveying(pass, passes);
    }

    @Override
    public void progressed(Progress progress) {
        listener.progressed(progress);
    }

    @Override
    public Optional<Observer> observer() {
        return Optional.of(seen);
    }
}
