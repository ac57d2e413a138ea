package io.amalgam.internal.engine;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The directories that an output needs and that are not there yet: a merge that comes to nothing
 * takes them away again.
 *
 * @param missing innermost first
 */
record CreatedDirectories(List<Path> missing) {

    static CreatedDirectories before(Path directory) {
        List<Path> missing = new ArrayList<>();
        Path at = directory.toAbsolutePath();
        while (at != null && !Files.exists(at)) {
            missing.add(at);
            at = at.getParent();
        }
        return new CreatedDirectories(missing);
    }

    /** Removes those that are empty. */
    void remove() throws IOException {
        try {
            for (Path directory : missing) {
                Files.deleteIfExists(directory);
            }
        } catch (DirectoryNotEmptyException e) {
            // Somebody else has put something there by now.
            return;
        }
    }
}
