package io.amalgam.engine;

import io.amalgam.kernel.Kernels;
import java.util.function.Consumer;

/**
 * Options of a run: {@code EngineOptions.defaults(kernels).threads(2).resume(true)}. None affects
 * the bytes written. Immutable.
 *
 * @param threads number of workers
 * @param memory limit for the workers' buffers in bytes; blocks shrink to fit
 * @param allowNonfinite whether NaN and infinities in inputs and results are allowed
 * @param resume whether an interrupted merge of the same plan is continued; see {@link
 *     #resume(boolean)}
 * @param overwrite whether an output directory that is not empty may be written to; an earlier
 *     model in it is replaced once the new one is complete, other files stay
 * @param report whether the report and the recipe are written beside the model
 * @param card whether a model card, README.md, is written beside it
 */
public record EngineOptions(
        int threads,
        long memory,
        Kernels kernels,
        boolean allowNonfinite,
        boolean resume,
        boolean overwrite,
        boolean report,
        Card card) {
    /** When a model card is written. */
    public enum Card {
        NEVER,
        /**
         * With a report, unless there is a README.md that an earlier merge did not write, or that
         * was changed.
         */
        IF_ABSENT,
        /** A README.md that is there is replaced. */
        ALWAYS
    }

    public EngineOptions {
        if (threads < 1) {
            throw new IllegalArgumentException("threads: expected at least 1, got " + threads);
        }
    }

    /**
     * One worker per processor, five eighths of the heap for buffers, a report and a model card; no
     * resume, no overwriting, no NaN or infinities.
     */
    public static EngineOptions defaults(Kernels kernels) {
        Runtime runtime = Runtime.getRuntime();
        return new EngineOptions(
                runtime.availableProcessors(),
                defaultMemory(runtime.maxMemory()),
                kernels,
                false,
                false,
                false,
                true,
                Card.IF_ABSENT);
    }

    /** The bytes for buffers where nobody says how many, with such a heap. */
    public static long defaultMemory(long heap) {
        return heap / 8 * 5;
    }

    /** These options with so many workers. */
    public EngineOptions threads(int count) {
        return with(values -> values.threads = count);
    }

    /** These options with so many bytes for buffers. */
    public EngineOptions memory(long bytes) {
        return with(values -> values.memory = bytes);
    }

    /** These options with other kernels. */
    public EngineOptions kernels(Kernels chosen) {
        return with(values -> values.kernels = chosen);
    }

    /** These options with or without letting NaN and infinities through. */
    public EngineOptions allowNonfinite(boolean allow) {
        return with(values -> values.allowNonfinite = allow);
    }

    /**
     * These options with or without resuming. With it, by what is in the output:
     *
     * <ul>
     *   <li>nothing: the merge starts from the beginning;
     *   <li>an interrupted merge of the same plan and unchanged inputs: it continues, also without
     *       {@link #overwrite(boolean) overwrite} if it was started with it;
     *   <li>an interrupted merge of another plan, or with other inputs: {@link
     *       io.amalgam.error.BadInputException}; with {@code overwrite} a merge from the beginning;
     *   <li>the finished result of the same plan: its files are verified and nothing is written; if
     *       they were changed, a {@code BadInputException}; with {@code overwrite} a merge from the
     *       beginning;
     *   <li>any other files, such as the result of a changed recipe: a {@code BadInputException};
     *       with {@code overwrite} a merge from the beginning.
     * </ul>
     */
    public EngineOptions resume(boolean wanted) {
        return with(values -> values.resume = wanted);
    }

    /** These options with or without replacing what is there. */
    public EngineOptions overwrite(boolean wanted) {
        return with(values -> values.overwrite = wanted);
    }

    /** These options with or without report and recipe. */
    public EngineOptions report(boolean wanted) {
        return with(values -> values.report = wanted);
    }

    /** These options with or without a model card. */
    public EngineOptions card(Card wanted) {
        return with(values -> values.card = wanted);
    }

    private EngineOptions with(Consumer<Values> change) {
        Values values = new Values(this);
        change.accept(values);
        return values.options();
    }

    /** All components, one of which is about to change. */
    private static final class Values {
        int threads;
        long memory;
        Kernels kernels;
        boolean allowNonfinite;
        boolean resume;
        boolean overwrite;
        boolean report;
        Card card;

        Values(EngineOptions options) {
            threads = options.threads;
            memory = options.memory;
            kernels = options.kernels;
            allowNonfinite = options.allowNonfinite;
            resume = options.resume;
            overwrite = options.overwrite;
            report = options.report;
            card = options.card;
        }

        EngineOptions options() {
            return new EngineOptions(
                    threads, memory, kernels, allowNonfinite, resume, overwrite, report, card);
        }
    }
}
