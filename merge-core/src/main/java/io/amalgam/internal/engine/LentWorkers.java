package io.amalgam.internal.engine;

import io.amalgam.checkpoint.Preparation;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.kernel.Kernels;
import io.amalgam.kernel.Workspace;
import java.io.IOException;

/** A run's workers, lent to what computes with all of them. */
abstract class LentWorkers implements Preparation.Context {
    private final PlanRunner runner;
    private final Kernels kernels;
    private final Cancellation cancellation;

    LentWorkers(PlanRunner runner, Kernels kernels, Cancellation cancellation) {
        this.runner = runner;
        this.kernels = kernels;
        this.cancellation = cancellation;
    }

    @Override
    public final Kernels kernels() {
        return kernels;
    }

    @Override
    public final Workspace workspace() {
        return runner.worker().workspace();
    }

    @Override
    public final void forRanges(int count, int step, Preparation.Range work) throws IOException {
        checkCancelled();
        if (count <= step) {
            // Threads are not worth their start.
            if (count > 0) {
                work.work(0, count, workspace());
            }
            return;
        }
        runner.forRanges(count, step, work);
    }

    @Override
    public final void checkCancelled() {
        cancellation.throwIfRequested();
        if (Thread.interrupted()) {
            throw MergeCancelledException.byInterrupt(new InterruptedException());
        }
    }
}
