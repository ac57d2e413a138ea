package io.amalgam.checkpoint;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * An open file as tensors are read from it, by any number of threads at once and at any position.
 *
 * <p>Bytes are copied out of mappings, which takes about a fifth less time than positional reads;
 * where a file cannot be mapped, it is read. Nothing else ever looks at a mapping: a page that is
 * gone when it is copied is an exception, elsewhere it could take the process down.
 */
public final class DataFile {
    /** Bytes of one mapping. What is mapped takes addresses, not memory. */
    private static final int WINDOW = 1 << 30;

    /** Windows refuses to replace or delete what is mapped, however long ago it was read. */
    private static final boolean MAPS =
            !System.getProperty("os.name", "").toLowerCase(Locale.ROOT).startsWith("windows")
                    && !"32".equals(System.getProperty("sun.arch.data.model"));

    private final FileChannel channel;
    private final Path path;
    private final long size;
    private final AtomicReferenceArray<@Nullable MappedByteBuffer> windows;
    private volatile boolean maps = MAPS;

    /**
     * @param channel open for reading; whoever opened it closes it
     * @param path for messages
     * @param size in bytes, as the file was when it was opened
     */
    public DataFile(FileChannel channel, Path path, long size) {
        this.channel = channel;
        this.path = path;
        this.size = size;
        this.windows = new AtomicReferenceArray<>(Math.toIntExact((size + WINDOW - 1) / WINDOW));
    }

    public Path path() {
        return path;
    }

    /**
     * Fills {@code into}'s remaining space from {@code position} on.
     *
     * @throws EOFException if the file ends before that
     */
    void readFully(long position, ByteBuffer into) throws IOException {
        if (!channel.isOpen()) {
            throw new ClosedChannelException();
        }
        long at = position;
        while (into.hasRemaining()) {
            int got = maps && at < size ? copy(at, into) : channel.read(into, at);
            if (got < 0) {
                throw shortened(at + into.remaining(), at);
            }
            at += got;
        }
    }

    /** Copies what one window holds; returns how much that was. */
    private int copy(long at, ByteBuffer into) throws IOException {
        int index = (int) (at / WINDOW);
        MappedByteBuffer window = window(index);
        if (window == null) {
            return channel.read(into, at);
        }
        int from = (int) (at % WINDOW);
        int count = Math.min(into.remaining(), window.capacity() - from);
        try {
            into.put(into.position(), window, from, count);
        } catch (InternalError e) {
            // The machine's word for a page that could not be brought in.
            throw lost(at, count, e);
        }
        into.position(into.position() + count);
        return count;
    }

    private IOException lost(long at, int count, InternalError cause) throws IOException {
        long now = channel.size();
        if (now < at + count) {
            return shortened(at + count, now);
        }
        return new IOException(
                "'" + path + "': cannot be read at byte " + at + "; is its disk in order?", cause);
    }

    private EOFException shortened(long expected, long end) {
        return new EOFException(
                "'"
                        + path
                        + "': expected data up to byte "
                        + expected
                        + ", got its end at byte "
                        + end
                        + "; the file was shortened while it was read");
    }

    private @Nullable MappedByteBuffer window(int index) {
        MappedByteBuffer window = windows.get(index);
        if (window == null) {
            long from = (long) index * WINDOW;
            try {
                window =
                        channel.map(
                                FileChannel.MapMode.READ_ONLY, from, Math.min(WINDOW, size - from));
            } catch (IOException | UnsupportedOperationException | OutOfMemoryError e) {
                // No addresses left, a file system without mappings, a file shorter by now.
                maps = false;
                return null;
            }
            windows.set(index, window);
        }
        return window;
    }
}
