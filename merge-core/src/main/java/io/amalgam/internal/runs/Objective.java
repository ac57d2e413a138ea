package io.amalgam.internal.runs;

import io.amalgam.engine.Cancellation;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * What models are judged by: the number that a command prints ({@link CommandObjective}), or losses
 * on texts ({@link TextObjective}).
 */
public interface Objective {
    /** Whether figures are losses: the smaller, the better. */
    boolean losses();

    /** What figures are called in tables: {@code score} or {@code loss}. */
    default String word() {
        return losses() ? "loss" : "score";
    }

    /** What tells it from others: candidates judged by another one cannot be compared. */
    List<String> identity();

    /**
     * Finds what would be wrong with every candidate.
     *
     * @throws io.amalgam.error.BadInputException if none like this one can be judged
     */
    default void check(Candidate candidate, Cancellation cancellation) throws IOException {}

    /**
     * Begins to judge a candidate; who asks closes what it gets, and then the candidate.
     *
     * @throws io.amalgam.error.BadInputException if it cannot be judged
     */
    Judging begin(Candidate candidate, Cancellation cancellation) throws IOException;

    /** Whether several candidates can be judged at a time. */
    boolean isParallel();

    /** Judges a candidate and waits for the result. */
    default Map<String, Double> figures(Candidate candidate, Cancellation cancellation)
            throws IOException {
        try (Judging judging = begin(candidate, cancellation)) {
            while (!judging.isDone(Judging.MILLIS)) {
                cancellation.throwIfRequested();
            }
            return judging.figures();
        }
    }

    /** Whether a figure is better than another. */
    default boolean isBetter(double figure, double than) {
        return losses() ? figure < than : figure > than;
    }

    /** A candidate that is being judged. */
    interface Judging extends Closeable {
        /** How long to wait before one looks whether something else happened. */
        long MILLIS = 100;

        /** Whether the result is there, after waiting for so long. */
        boolean isDone(long millis) throws IOException;

        /** The figures, finite, by the name of what they were measured on. */
        Map<String, Double> figures() throws IOException;

        @Override
        void close() throws IOException;

        /** A result that is there already. */
        static Judging done(Map<String, Double> figures) {
            return new Judging() {
                @Override
                public boolean isDone(long millis) {
                    return true;
                }

                @Override
                public Map<String, Double> figures() {
                    return figures;
                }

                @Override
                public void close() {
                    // Nothing is open.
                }
            };
        }
    }
}
