package io.amalgam.contract;

import io.amalgam.checkpoint.Preparation;
import io.amalgam.error.Problem;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Kernels;
import io.amalgam.kernel.Workspace;
import java.io.IOException;

/** Runs a preparation in the calling thread. */
public final class PlainContext implements Preparation.Context {
    private final Workspace workspace = new Workspace(ScalarKernels.INSTANCE, 1 << 14);

    @Override
    public Kernels kernels() {
        return ScalarKernels.INSTANCE;
    }

    @Override
    public Workspace workspace() {
        return workspace;
    }

    @Override
    public void forRanges(int count, int step, Preparation.Range work) throws IOException {
        for (int from = 0; from < count; from += step) {
            work.work(from, Math.min(count, from + step), workspace);
        }
    }

    @Override
    public void checkCancelled() {}

    @Override
    public void progressed(long done, long of) {}

    @Override
    public void warn(Problem warning) {}
}
