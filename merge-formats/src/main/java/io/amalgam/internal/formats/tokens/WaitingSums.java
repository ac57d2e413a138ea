package io.amalgam.internal.formats.tokens;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/** Sums in float64 that do not fit the memory, in a file that is gone when it is closed. */
final class WaitingSums implements Closeable {
    private final FileChannel channel;

    private WaitingSums(FileChannel channel) {
        this.channel = channel;
    }

    static WaitingSums beside(Path path) throws IOException {
        Path name = path.toAbsolutePath();
        return new WaitingSums(
                FileChannel.open(
                        name.resolveSibling(
                                "." + name.getFileName() + "." + UUID.randomUUID() + ".sums"),
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.DELETE_ON_CLOSE));
    }

    /**
     * @param place of the first in a file of float32
     */
    void keep(long place, double[] sums) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(sums.length * Double.BYTES);
        bytes.asDoubleBuffer().put(sums);
        for (long at = 2 * place; bytes.hasRemaining(); ) {
            at += channel.write(bytes, at);
        }
    }

    /** Adds what is kept for these places. */
    void addTo(long place, double[] sums) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(sums.length * Double.BYTES);
        for (long at = 2 * place; bytes.hasRemaining(); ) {
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
