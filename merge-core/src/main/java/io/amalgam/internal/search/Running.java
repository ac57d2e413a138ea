package io.amalgam.internal.search;

import io.amalgam.engine.Cancellation;
import io.amalgam.engine.MergeCancelledException;
import io.amalgam.error.BadInputException;
import io.amalgam.internal.runs.Candidate;
import io.amalgam.internal.runs.Objective;
import io.amalgam.internal.runs.Objective.Judging;
import io.amalgam.internal.runs.ScoreProcess;
import java.io.Closeable;
import java.io.IOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A candidate that is being judged. What is wrong with it alone is its result. */
final class Running implements Closeable {
    private final int number;
    private final Map<String, String> values;
    private final Candidate candidate;
    private final long begin = System.nanoTime();
    private @Nullable Judging judging;
    private String problem = "";

    Running(int number, Map<String, String> values, Candidate candidate) {
        this.number = number;
        this.values = values;
        this.candidate = candidate;
    }

    /** Work that may fail because of the candidate. */
    @FunctionalInterface
    private interface Work<T> {
        T get() throws IOException;
    }

    private <T> @Nullable T attempt(Work<T> work) throws IOException {
        try {
            return work.get();
        } catch (MergeCancelledException | ScoreProcess.NotStarted e) {
            throw e;
        } catch (BadInputException e) {
            problem = e.problems().get(0).toString();
            return null;
        }
    }

    void begin(Objective objective, Cancellation cancellation) throws IOException {
        judging = attempt(() -> objective.begin(candidate, cancellation));
    }

    boolean isDone(long millis) throws IOException {
        Judging current = judging;
        return current == null || !Boolean.FALSE.equals(attempt(() -> current.isDone(millis)));
    }

    Trial trial(SearchSetup setup) throws IOException {
        Judging current = judging;
        Map<String, Double> figures =
                current == null || !problem.isEmpty() ? null : attempt(current::figures);
        double seconds = (System.nanoTime() - begin) / 1e9;
        if (figures == null) {
            return new Trial(number, values, Map.of(), Double.NaN, seconds, problem);
        }
        double figure = setup.combination().of(figures, setup.objective().losses());
        return new Trial(number, values, figures, figure, seconds, "");
    }

    @Override
    public void close() throws IOException {
        try (candidate) {
            if (judging != null) {
                judging.close();
            }
        }
    }
}
