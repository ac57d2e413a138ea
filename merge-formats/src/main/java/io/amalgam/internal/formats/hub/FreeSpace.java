package io.amalgam.internal.formats.hub;

import io.amalgam.error.BadInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;

/** How much room a disk has. */
@FunctionalInterface
interface FreeSpace {
    /** What the system says. */
    FreeSpace REAL = folder -> Files.getFileStore(folder).getUsableSpace();

    /**
     * Bytes that can be written.
     *
     * @param folder one that exists
     */
    long at(Path folder) throws IOException;

    /**
     * Makes sure that downloads fit.
     *
     * @param bytes of all together
     * @param repos what they are of
     * @throws BadInputException if they do not
     */
    default void require(long bytes, Collection<RepoName> repos, Path cache) throws IOException {
        long free = at(cache);
        if (bytes > free) {
            throw new BadInputException(HubProblems.space(repos, cache, bytes, free));
        }
    }
}
