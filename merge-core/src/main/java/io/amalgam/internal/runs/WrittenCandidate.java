package io.amalgam.internal.runs;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.engine.Cancellation;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A model that is there, and stays.
 *
 * @param place its path
 */
public record WrittenCandidate(Path place, Opener opener) implements Candidate {
    /** Opens models by path. */
    @FunctionalInterface
    public interface Opener {
        Checkpoint open(Path place) throws IOException;
    }

    @Override
    public String name() {
        return place.toString();
    }

    @Override
    public Path written(Cancellation cancellation) {
        return place;
    }

    @Override
    public Checkpoint opened(Cancellation cancellation) throws IOException {
        return opener.open(place);
    }

    @Override
    public void close() {
        // It was there before.
    }
}
