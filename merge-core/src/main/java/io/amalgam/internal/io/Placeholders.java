package io.amalgam.internal.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Weights files whose bytes are elsewhere: at their paths lie placeholders of the same length, with
 * the header in them. Formats open weights here, so that a path is all they need to know. The table
 * is the process's, as paths are.
 */
public final class Placeholders {
    private static final Map<Path, Opener> TABLE = new ConcurrentHashMap<>();

    private Placeholders() {}

    /** Opens what a placeholder stands for. */
    public interface Opener {
        /** A channel for positional reads, safe for many threads. */
        FileChannel open() throws IOException;
    }

    /** From now on a path is opened by an opener. */
    public static void put(Path placeholder, Opener opener) {
        TABLE.put(key(placeholder), opener);
    }

    /** A file to read: what is at the path, or what that stands for. */
    public static FileChannel open(Path path) throws IOException {
        Opener opener = TABLE.get(key(path));
        return opener == null ? FileChannel.open(path, StandardOpenOption.READ) : opener.open();
    }

    private static Path key(Path path) {
        return path.toAbsolutePath().normalize();
    }
}
