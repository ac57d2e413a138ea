package io.amalgam.internal.runs;

import io.amalgam.checkpoint.Checkpoint;
import io.amalgam.engine.Cancellation;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;

/** A model to be judged, in the form its judge needs. Closing it removes what was made for that. */
public interface Candidate extends Closeable {
    /** What messages call it. */
    String name();

    /** Its place on disk; a merge that has none is written first. */
    Path written(Cancellation cancellation) throws IOException;

    /** The model, written only where it must be; who asks closes it. */
    Checkpoint opened(Cancellation cancellation) throws IOException;
}
