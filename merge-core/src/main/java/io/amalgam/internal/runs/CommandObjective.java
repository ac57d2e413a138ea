package io.amalgam.internal.runs;

import io.amalgam.engine.Cancellation;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * Judged by a command.
 *
 * @param losses whether it prints losses
 */
public record CommandObjective(ScoreCommand command, boolean losses) implements Objective {
    @Override
    public List<String> identity() {
        return List.of(word(), String.join(" ", command.words()));
    }

    @Override
    public boolean isParallel() {
        return true;
    }

    @Override
    public Judging begin(Candidate candidate, Cancellation cancellation) throws IOException {
        ScoreProcess process = command.start(candidate.written(cancellation));
        return new Judging() {
            @Override
            public boolean isDone(long millis) throws IOException {
                return process.isDone(millis);
            }

            @Override
            public Map<String, Double> figures() throws IOException {
                return Map.of(word(), process.score(cancellation));
            }

            @Override
            public void close() throws IOException {
                process.close();
            }
        };
    }
}
