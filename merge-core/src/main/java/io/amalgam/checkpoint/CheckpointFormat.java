package io.amalgam.checkpoint;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A reader of a checkpoint format. Implementations are found with {@link java.util.ServiceLoader};
 * they are stateless and thread-safe.
 */
public interface CheckpointFormat {
    /** A short lower-case name: {@code huggingface}, {@code safetensors}. */
    String name();

    /** How well a path matches a format, in ascending order. */
    enum Match {
        /** It is not. */
        NONE,
        /** It may be: any directory. */
        POSSIBLE,
        /** By its name, or the names of the files in it. */
        BY_NAME,
        /** By its first bytes. */
        BY_CONTENT
    }

    /**
     * How surely {@code path} is of this format. Of several formats the surest opens it; reads no
     * more than directory entries and the first bytes of a file.
     */
    Match match(Path path);

    /**
     * Opens a checkpoint by reading its headers.
     *
     * @param name the user's name for it, for messages and plans
     * @throws io.amalgam.error.BadInputException if the files are malformed
     * @throws IOException if they cannot be read
     */
    Checkpoint open(Path path, String name) throws IOException;
}
