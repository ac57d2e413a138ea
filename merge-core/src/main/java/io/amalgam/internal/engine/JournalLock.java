package io.amalgam.internal.engine;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A journal that is open and locked against other processes, and against other merges of this one.
 * The latter must not even open the file: on many systems a process that closes any channel of a
 * file gives up all its locks on it.
 */
public final class JournalLock implements Closeable {
    /** Journals this process writes. Its monitor is held while one is opened or looked at. */
    private static final Set<Path> OURS = new HashSet<>();

    private final Path file;
    private final FileChannel channel;

    private JournalLock(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /** Opens and locks a journal; nothing if a merge holds it. */
    public static Optional<JournalLock> take(Path journal) throws IOException {
        synchronized (OURS) {
            Path file = real(journal);
            if (OURS.contains(file)) {
                return Optional.empty();
            }
            FileChannel channel =
                    FileChannel.open(
                            file,
                            StandardOpenOption.CREATE,
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE);
            try {
                if (tryLock(channel, false) == null) {
                    channel.close();
                    return Optional.empty();
                }
            } catch (IOException e) {
                channel.close();
                throw e;
            }
            OURS.add(file);
            return Optional.of(new JournalLock(file, channel));
        }
    }

    Path file() {
        return file;
    }

    /** Whether a merge holds this journal now. */
    static boolean isHeld(Path journal) throws IOException {
        synchronized (OURS) {
            if (!Files.exists(journal)) {
                return false;
            }
            if (OURS.contains(real(journal))) {
                return true;
            }
            try (FileChannel channel = FileChannel.open(journal, StandardOpenOption.READ)) {
                return tryLock(channel, true) == null;
            } catch (NoSuchFileException | AccessDeniedException e) {
                // The merge has ended just now; or this user cannot know, nor do any harm.
                return false;
            }
        }
    }

    private static Path real(Path journal) throws IOException {
        return Objects.requireNonNull(journal.getParent())
                .toRealPath()
                .resolve(journal.getFileName());
    }

    private static @Nullable FileLock tryLock(FileChannel channel, boolean shared)
            throws IOException {
        try {
            return channel.tryLock(0, Long.MAX_VALUE, shared);
        } catch (OverlappingFileLockException e) {
            return null;
        }
    }

    /** Open for reading and writing; the file must not be opened in any other way. */
    public FileChannel channel() {
        return channel;
    }

    @Override
    public void close() throws IOException {
        synchronized (OURS) {
            // Gives up the lock with it.
            channel.close();
            OURS.remove(file);
        }
    }
}
