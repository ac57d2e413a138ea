package io.amalgam.engine;

import io.amalgam.kernel.Kernels;

/**
 * How a plan is run. Nothing here changes the bytes written.
 *
 * @param threads workers
 * @param memory bytes the workers' buffers may take; blocks shrink to fit
 * @param allowNonfinite whether NaN and infinities in inputs or results are let through
 * @param resume whether to continue an interrupted merge of the same plan
 * @param overwrite whether an output directory that is not empty may be written to
 * @param report whether the report and the recipe are written beside the model
 */
public record EngineOptions(
        int threads,
        long memory,
        Kernels kernels,
        boolean allowNonfinite,
        boolean resume,
        boolean overwrite,
        boolean report) {
    public EngineOptions {
        if (threads < 1) {
            throw new IllegalArgumentException("threads: expected at least 1, got " + threads);
        }
    }

    /** One worker for each processor and half the heap. */
    public static EngineOptions defaults(Kernels kernels) {
        Runtime runtime = Runtime.getRuntime();
        return new EngineOptions(
                runtime.availableProcessors(),
                runtime.maxMemory() / 2,
                kernels,
                false,
                false,
                false,
                true);
    }
}
