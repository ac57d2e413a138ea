package io.amalgam.checkpoint;

import io.amalgam.error.Problem;
import io.amalgam.kernel.Kernels;
import io.amalgam.kernel.Workspace;
import java.io.IOException;
import java.util.List;

/**
 * Work to do before the first tensor is combined: a forward pass over prompts, an alignment,
 * statistics. The engine runs a plan's preparations in order, each with all workers, and keeps
 * their results for a resume. Tensor sources that need a result hold the preparation.
 *
 * <p>One thread runs it; its result may then be read by all.
 */
public interface Preparation {
    /** A short title for progress and plans, e.g. {@code gates from prompts}. */
    String title();

    /**
     * A text of everything that determines the result, except the contents of the inputs; part of
     * the plan hash.
     */
    String identity();

    /** Bytes read from the inputs. */
    long inputBytes();

    /** Maximum memory during the run, in bytes, in addition to one scratch buffer per thread. */
    long bytesHeld(int threads);

    /** Memory of the result in bytes, held until the merge ends. */
    long resultBytes();

    /** Computes the result. Does nothing if it is already computed. */
    void run(Context context) throws IOException;

    /** What is to be said of the result, a line each: for the report. Called after it is there. */
    default List<String> remarks() {
        return List.of();
    }

    /** The serialised result, kept on disk until the merge is complete. */
    byte[] save();

    /**
     * Restores the result of {@link #save} from an earlier run of the same plan, and repeats the
     * warnings of {@link #run}.
     *
     * @return false if the bytes are invalid; the preparation is then run again
     */
    boolean restore(byte[] saved, Context context);

    /** The engine's services for a running preparation. */
    interface Context {
        /** The operations on blocks to use. */
        Kernels kernels();

        /** Scratch arrays of the calling thread. */
        Workspace workspace();

        /**
         * Processes the numbers from 0 to {@code count} with all workers, and returns when all are
         * done. The assignment of ranges to workers is not fixed.
         *
         * @param step maximum length of a range
         */
        void forRanges(int count, int step, Range work) throws IOException;

        /** Throws if the merge was cancelled; thread-safe. */
        void checkCancelled();

        /** Reports progress, in any unit. */
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
        /** Numbers from {@code from} to before {@code to}; called by several threads at once. */
        void work(int from, int to, Workspace workspace) throws IOException;
    }
}
