package io.amalgam.internal.formats.tokens;

import io.amalgam.internal.io.FileWrites;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** Sums in float64 that do not fit the memory, in a file that is gone when it is closed. */
final class WaitingSums implements Closeable {
    private final Path place;
    private final FileChannel channel;

    private WaitingSums(Path place, FileChannel channel) {
        this.place = place;
        this.channel = channel;
    }

    /**
     * @param place of the file that the sums are for, and that failures are of
     */
    static WaitingSums beside(Path place) throws IOException {
        Path name = place.toAbsolutePath();
        try {
            return new WaitingSums(
                    place,
                    FileChannel.open(
                            name.resolveSibling(
                                    "." + name.getFileName() + "." + UUID.randomUUID() + ".sums"),
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE,
                            StandardOpenOption.CREATE_NEW,
                            StandardOpenOption.DELETE_ON_CLOSE));
        } catch (FileSystemException e) {
            throw new FileSystemException(place.toString(), null, e.getReason());
        }
    }

    /**
     * @param offset of the first in a file of float32
     */
    void keep(long offset, double[] sums) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(sums.length * Double.BYTES);
        bytes.asDoubleBuffer().put(sums);
        FileWrites.fully(place, channel, bytes, 2 * offset);
    }

    /** Adds what is kept for these places. */
    void addTo(long offset, double[] sums) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(sums.length * Double.BYTES);
        for (long at = 2 * offset; bytes.hasRemaining(); ) {
            int read = channel.read(bytes, at);
            if (read < 0) {
                throw new EOFException("sums of statistics were cut short");
            }
            at += read;
        }
        bytes.flip();
        for (int i = 0; i < sums.length; i++) {
            sums[i] = bytes.getDouble() + sums[i];
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
