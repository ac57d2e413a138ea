package io.amalgam.engine;

import io.amalgam.kernel.Kernels;
import io.amalgam.kernel.ScalarKernels;

/**
 * Engine options for tests: two threads, scalar kernels and memory enough for blocks of full size,
 * unless changed.
 */
public record Options(
        int threads,
        long memory,
        Kernels kernels,
        boolean allowNonfinite,
        boolean resume,
        boolean overwrite) {
    public static final Options DEFAULT =
            new Options(2, 64L << 20, ScalarKernels.INSTANCE, false, false, false);

    public Options threads(int count) {
        return new Options(count, memory, kernels, allowNonfinite, resume, overwrite);
    }

    public Options memory(long bytes) {
        return new Options(threads, bytes, kernels, allowNonfinite, resume, overwrite);
    }

    public Options kernels(Kernels chosen) {
        return new Options(threads, memory, chosen, allowNonfinite, resume, overwrite);
    }

    public Options allowingNonfinite() {
        return new Options(threads, memory, kernels, true, resume, overwrite);
    }

    public Options resuming() {
        return new Options(threads, memory, kernels, allowNonfinite, true, overwrite);
    }

    public Options overwriting() {
        return new Options(threads, memory, kernels, allowNonfinite, resume, true);
    }

    public EngineOptions build() {
        return new EngineOptions(threads, memory, kernels, allowNonfinite, resume, overwrite, true);
    }
}
