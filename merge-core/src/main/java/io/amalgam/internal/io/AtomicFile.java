package io.amalgam.internal.io;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A file that appears whole or not at all: written in the same folder under a temporary name,
 * forced to the device, and renamed by {@link #commit()}. If it is closed without a commit, it is
 * deleted. Its lock tells it from what a run that was killed left, which the next one for the same
 * place removes.
 */
public final class AtomicFile implements Closeable {
    private static final String ENDING = ".tmp";

    private final Path part;
    private final Path place;
    private final FileChannel channel;
    private boolean committed;

    private AtomicFile(Path part, Path place, FileChannel channel) {
        this.part = part;
        this.place = place;
        this.channel = channel;
    }

    /** Begins a file; makes the folder that it is to lie in. */
    public static AtomicFile create(Path place) throws IOException {
        Path folder = Objects.requireNonNull(place.toAbsolutePath().getParent());
        Files.createDirectories(folder);
        removeLeftOver(folder, place);
        Path part = folder.resolve(prefix(place) + UUID.randomUUID() + ENDING);
        FileChannel channel = open(part, place);
        // Held until it is closed; where a file system has no locks, nothing is removed either.
        lock(channel);
        return new AtomicFile(part, place, channel);
    }

    /** What cannot be written is the file that was asked for, not that beside it. */
    private static FileChannel open(Path part, Path place) throws IOException {
        try {
            return FileChannel.open(part, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
        } catch (AccessDeniedException e) {
            throw new AccessDeniedException(place.toString(), null, e.getReason());
        } catch (FileSystemException e) {
            throw new FileSystemException(place.toString(), null, e.getReason());
        }
    }

    /**
     * Writes all bytes of a buffer at a position.
     *
     * @return the position behind them
     */
    public long write(ByteBuffer bytes, long position) throws IOException {
        return FileWrites.fully(place, channel, bytes, position);
    }

    /** Makes what was written durable; nothing is written after that. */
    public void complete() throws IOException {
        if (channel.isOpen()) {
            FileWrites.force(place, channel);
            channel.close();
        }
    }

    /** Makes the file appear in its place, over one that may be there. */
    public void commit() throws IOException {
        complete();
        FileWrites.moveOver(part, place);
        committed = true;
        FileWrites.forceDirectory(Objects.requireNonNull(place.toAbsolutePath().getParent()));
    }

    /** Writes a small file whole or not at all. */
    public static void write(Path place, byte[] content) throws IOException {
        try (AtomicFile file = create(place)) {
            file.write(ByteBuffer.wrap(content), 0);
            file.commit();
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
        if (!committed) {
            Files.deleteIfExists(part);
        }
    }

    private static String prefix(Path place) {
        return "." + Objects.requireNonNull(place.getFileName()) + ".";
    }

    private static void removeLeftOver(Path folder, Path place) throws IOException {
        try (DirectoryStream<Path> entries =
                Files.newDirectoryStream(folder, entry -> isPart(entry, place))) {
            for (Path entry : entries) {
                if (isFree(entry)) {
                    Files.deleteIfExists(entry);
                }
            }
        }
    }

    /** Nothing but a name that is made here: the ending alone may be anyone's. */
    private static boolean isPart(Path entry, Path place) {
        String name = entry.getFileName().toString();
        String prefix = prefix(place);
        if (!name.startsWith(prefix) || !name.endsWith(ENDING) || !Files.isRegularFile(entry)) {
            return false;
        }
        return name.substring(prefix.length())
                .matches("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\\.tmp");
    }

    private static boolean isFree(Path entry) {
        try (FileChannel other = FileChannel.open(entry, StandardOpenOption.WRITE)) {
            return lock(other).isPresent();
        } catch (IOException e) {
            // Another user's, or gone: not ours to remove.
            return false;
        }
    }

    private static Optional<FileLock> lock(FileChannel channel) {
        try {
            @Nullable FileLock lock = channel.tryLock();
            return Optional.ofNullable(lock);
        } catch (OverlappingFileLockException | IOException e) {
            return Optional.empty();
        }
    }
}
