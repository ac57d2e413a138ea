package io.amalgam.checkpoint;

import io.amalgam.error.Problem;
import io.amalgam.kernel.Kernels;
import io.amalgam.kernel.Workspace;
import java.io.IOException;

/**
 * Work that must be done before the first tensor is combined: a forward pass over prompts, an
 * alignment, statistics. The engine runs a plan's preparations in order, each with all workers, and
 * keeps their results for a resume. Tensor sources that need a result hold the preparation.
 */
public interface Preparation {
    /** A few words for progress and plans, e.g. {@code gates from prompts}. */
    String title();

    /** Everything that decides the result, the contents of the inputs apart; part of the hash. */
    String identity();

    /** Bytes read from the inputs. */
    long inputBytes();

    /** The most memory held while it runs, in bytes, beside a scratch buffer for each thread. */
    long bytesHeld(int threads);

    /** Memory of the result, in bytes, held until the merge is over. */
    long resultBytes();

    /** Computes the result. Does nothing if the result is there. */
    void run(Context context) throws IOException;

    /** The result in bytes, to be kept on disk until the merge is complete. */
    byte[] save();

    /**
     * Takes over what {@link #save} gave in an earlier run of the same plan, and warns as {@link
     * #run} did.
     *
     * @return false if these bytes are no result of it: it is run again
     */
    boolean restore(byte[] saved, Context context);

    /** What the engine lends a preparation while it runs. */
    interface Context {
        Kernels kernels();

        /** Scratch arrays of the calling thread. */
        Workspace workspace();

        /**
         * Works on the numbers from 0 to {@code count} with all workers, and returns when all are
         * done. Which worker gets which range is not fixed.
         *
         * @param step the most numbers in a range
         */
        void forRanges(int count, int step, Range work) throws IOException;

        /** Throws if the merge was cancelled; safe for use by any thread. */
        void checkCancelled();

        /** Reports progress, in a unit of the preparation's own. */
        void progressed(long done, long of);

        /**
         * Adds a warning to those of the plan.
         *
         * @throws io.amalgam.error.BadInputException if warnings are errors
         */
        void warn(Problem warning);
    }

    /** Work on some of the numbers, by one worker. */
    @FunctionalInterface
    interface Range {
        void work(int from, int to, Workspace workspace) throws IOException;
    }
}
