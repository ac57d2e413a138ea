package io.amalgam.checkpoint;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * A run of bytes of an open file. Reads are positional: any number of threads may read one region,
 * and a file that shrank is an exception, not a crash (a mapping would take the process down).
 *
 * @param channel open for reading; closed by the checkpoint that owns it
 * @param file for messages
 */
public record FileRegion(FileChannel channel, Path file, long offset, long length) {
    /** Fills {@code into}'s remaining space from {@code position} of the region on. */
    public void readFully(long position, ByteBuffer into) throws IOException {
        if (position < 0 || position + into.remaining() > length) {
            throw new IndexOutOfBoundsException(
                    position + "+" + into.remaining() + " of " + length);
        }
        long at = offset + position;
        while (into.hasRemaining()) {
            int got = channel.read(into, at);
            if (got < 0) {
                throw new EOFException(
                        "'"
                                + file
                                + "': expected data up to byte "
                                + (offset + length)
                                + ", got its end at byte "
                                + at
                                + "; the file was shortened while it was read");
            }
            at += got;
        }
    }
}
