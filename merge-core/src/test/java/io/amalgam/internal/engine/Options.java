package io.amalgam.internal.engine;

import io.amalgam.engine.EngineOptions;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Kernels;

/**
 * Engine options for tests: two threads, scalar kernels and memory enough for blocks of full size,
 * unless changed.
 */
record Options(EngineOptions build) {
    static final Options DEFAULT =
            new Options(
                    EngineOptions.defaults(ScalarKernels.INSTANCE).threads(2).memory(64L << 20));

    Options threads(int count) {
        return new Options(build.threads(count));
    }

    Options memory(long bytes) {
        return new Options(build.memory(bytes));
    }

    Options kernels(Kernels chosen) {
        return new Options(build.kernels(chosen));
    }

    Options allowingNonfinite() {
        return new Options(build.allowNonfinite(true));
    }

    Options resuming() {
        return new Options(build.resume(true));
    }

    Options overwriting() {
        return new Options(build.overwrite(true));
    }
}
