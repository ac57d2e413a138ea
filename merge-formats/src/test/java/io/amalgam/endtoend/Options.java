package io.amalgam.endtoend;

import io.amalgam.engine.EngineOptions;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Kernels;

/**
 * Engine options for tests: two threads, scalar kernels and memory enough for blocks of full size,
 * unless changed.
 */
public record Options(EngineOptions build) {
    public static final Options DEFAULT =
            new Options(
                    EngineOptions.defaults(ScalarKernels.INSTANCE).threads(2).memory(64L << 20));

    public Options threads(int count) {
        return new Options(build.threads(count));
    }

    public Options memory(long bytes) {
        return new Options(build.memory(bytes));
    }

    public Options kernels(Kernels chosen) {
        return new Options(build.kernels(chosen));
    }

    public Options resuming() {
        return new Options(build.resume(true));
    }

    public Options overwriting() {
        return new Options(build.overwrite(true));
    }
}
