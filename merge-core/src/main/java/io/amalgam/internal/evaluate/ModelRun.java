package io.amalgam.internal.evaluate;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.checkpoint.Preparation;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.internal.engine.ReadingRun;
import io.amalgam.internal.linalg.BlasThreads;
import java.io.IOException;

/** Runs a model forward: its preparations first, every product on one thread. */
public final class ModelRun {
    private ModelRun() {}

    /** The work, within what the model itself leaves of the memory. */
    @FunctionalInterface
    public interface Work<T> {
        T run(EngineOptions left, Preparation.Context workers) throws IOException;
    }

    /**
     * Runs it.
     *
     * @throws io.amalgam.engine.MergeCancelledException if stopped
     */
    public static <T> T run(
            Checkpoint model,
            EngineOptions options,
            ReadingRun.Listener listener,
            Cancellation cancellation,
            Work<T> work)
            throws IOException {
        return BlasThreads.callers(
                () ->
                        ReadingRun.run(
                                options,
                                listener,
                                cancellation,
                                workers -> {
                                    for (Preparation each : model.preparations()) {
                                        each.run(workers);
                                    }
                                    return work.run(left(options, model), workers);
                                }));
    }

    private static EngineOptions left(EngineOptions options, Checkpoint model) {
        return options.memory(options.memory() - model.sharedBytes());
    }
}
