package io.amalgam.internal.engine;

import io.amalgam.checkpoint.Preparation;
import io.amalgam.engine.Cancellation;
import io.amalgam.engine.EngineOptions;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.error.Problem;
import io.amalgam.kernel.Kernels;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/** Work with all workers that writes no model: a forward pass, a preparation on its own. */
public final class ReadingRun {
    private static final int BLOCK = 1 << 14;

    private ReadingRun() {}

    /** The work. */
    @FunctionalInterface
    public interface Work<T> {
        T run(Preparation.Context context) throws IOException;
    }

    /** Hears of the work, on the thread that runs it. */
    public interface Listener {
        /** Hears nothing. */
        Listener NONE =
                new Listener() {
                    @Override
                    public void progressed(long done, long of) {}

                    @Override
                    public void warned(Problem warning) {}
                };

        void progressed(long done, long of);

        void warned(Problem warning);
    }

    /** What the workers hold, in bytes. */
    public static long bytesHeld(int threads) {
        return threads * Worker.bytesHeld(1, BLOCK);
    }

    /**
     * Runs it.
     *
     * @throws MergeCancelledException if stopped
     */
    public static <T> T run(
            EngineOptions options, Listener listener, Cancellation cancellation, Work<T> work)
            throws IOException {
        PlanRunner.Setup setup =
                new PlanRunner.Setup(
                        options.kernels(),
                        options.threads(),
                        1,
                        BLOCK,
                        0,
                        false,
                        new LongAdder(),
                        new LongAdder());
        try (PlanRunner runner =
                new PlanRunner(setup, () -> TensorSink.NONE, cancellation, () -> {})) {
            return work.run(new Lent(runner, options.kernels(), listener, cancellation));
        }
    }

    /** Runs what has to be done before models are read; what is done already is not done again. */
    public static void prepare(
            List<Preparation> preparations,
            EngineOptions options,
            Listener listener,
            Cancellation cancellation)
            throws IOException {
        if (preparations.isEmpty()) {
            return;
        }
        run(
                options,
                listener,
                cancellation,
                workers -> {
                    for (Preparation each : preparations) {
                        each.run(workers);
                    }
                    return preparations;
                });
    }

    private static final class Lent extends LentWorkers {
        private final Listener listener;

        Lent(PlanRunner runner, Kernels kernels, Listener listener, Cancellation cancellation) {
            super(runner, kernels, cancellation);
            this.listener = listener;
        }

        @Override
        public void progressed(long done, long of) {
            listener.progressed(done, of);
        }

        @Override
        public void warn(Problem warning) {
            listener.warned(warning);
        }
    }
}
