package io.amalgam.internal.lora;

import io.amalgam.checkpoint.CheckpointFormat.Match;
import java.io.IOException;
import java.nio.file.Path;

/**
 * A way adapters are stored. Implementations are found with {@link java.util.ServiceLoader}; they
 * are stateless and safe for concurrent use.
 */
public interface AdapterFormat {
    /** A short lower-case name. */
    String name();

    /** How surely {@code path} is of this format; of several the surest opens it. */
    Match match(Path path);

    /**
     * Opens an adapter by reading its headers and settings.
     *
     * @param name what the user calls it
     * @throws io.amalgam.error.BadInputException if the files are not what they should be
     * @throws IOException if they cannot be read
     */
    Adapter open(Path path, String name) throws IOException;

    /**
     * Writes an adapter to a directory, which is made if need be; its settings come last, so that
     * half of one is not taken for a whole.
     *
     * @throws IOException if writing fails
     */
    void write(Path directory, NewAdapter adapter) throws IOException;
}
