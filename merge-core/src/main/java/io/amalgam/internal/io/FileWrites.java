package io.amalgam.internal.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.stream.Stream;

/** Operations shared by all writers of files. */
public final class FileWrites {
    private FileWrites() {}

    /** Moves a file over another, in one step where the file system can. */
    public static void moveOver(Path from, Path to) throws IOException {
        try {
            Files.move(
                    from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    /** Makes renames durable where the system lets a directory be opened. */
    public static void forceDirectory(Path directory) {
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        } catch (IOException e) {
            // Windows has no such call; the files themselves are forced.
            return;
        }
    }

    /** Deletes a folder and all that is in it; nothing if there is none. */
    public static void deleteTree(Path folder) throws IOException {
        if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }

    /**
     * Writes all bytes that a buffer has left.
     *
     * @param at where in the file
     * @return where the next bytes go
     * @throws FileSystemException if the system does not take them, with the file and the reason
     */
    public static long fully(Path file, FileChannel channel, ByteBuffer bytes, long at)
            throws IOException {
        long next = at;
        try {
            while (bytes.hasRemaining()) {
                next += channel.write(bytes, next);
            }
        } catch (IOException e) {
            throw named(file, e);
        }
        return next;
    }

    /** Makes what was written safe from a crash: here too a disk can say that it is full. */
    public static void force(Path file, FileChannel channel) throws IOException {
        try {
            channel.force(true);
        } catch (IOException e) {
            throw named(file, e);
        }
    }

    /** Writes a small file. */
    public static void bytes(Path file, byte[] content, OpenOption... options) throws IOException {
        try {
            Files.write(file, content, options);
        } catch (IOException e) {
            throw named(file, e);
        }
    }

    /** A failure to remove what a merge no longer needs, from a merge that is complete. */
    public static IOException leftOver(Path folder, String what, FileSystemException e) {
        String reason = e.getReason() == null ? e.getClass().getSimpleName() : e.getReason();
        return new FileSystemException(
                folder.toString(),
                null,
                "the merge is complete, but " + what + " cannot be removed: " + reason);
    }

    /** The same failure, of a file. */
    public static IOException named(Path file, IOException e) {
        if (e instanceof FileSystemException || e instanceof ClosedChannelException) {
            return e;
        }
        FileSystemException named = new FileSystemException(file.toString(), null, e.getMessage());
        named.initCause(e);
        return named;
    }
}
