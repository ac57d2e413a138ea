package io.amalgam.internal.forward;

import io.amalgam.checkpoint.Preparation;
import io.amalgam.error.Problem;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Kernels;
import io.amalgam.kernel.Workspace;
import java.io.IOException;

/** Runs a preparation on the calling thread. */
record OneThread(Runnable check) implements Preparation.Context {
    @Override
    public Kernels kernels() {
        return ScalarKernels.INSTANCE;
    }

    @Override
    public Workspace workspace() {
        return new Workspace(ScalarKernels.INSTANCE, 16);
    }

    @Override
    public void forRanges(int count, int step, Preparation.Range work) throws IOException {
        for (int from = 0; from < count; from += step) {
            work.work(from, Math.min(count, from + step), workspace());
        }
    }

    @Override
    public void checkCancelled() {
        check.run();
    }

    @Override
    public void progressed(long done, long of) {}

    @Override
    public void warn(Problem warning) {
        throw new AssertionError(warning);
    }
}
