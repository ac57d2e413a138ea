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
    /**
     * Copies bytes to where another file stands, without passing them through this process where
     * the system can. Moves that file's position.
     *
     * @return how many were copied, perhaps fewer than asked for; 0 if none are there any more
     */
    public long transferTo(long position, long count, FileChannel target) throws IOException {
        requireInside(position, count);
        return channel.transferTo(offset + position, count, target);
    }

    /** Fills {@code into}'s remaining space from {@code position} of the region on. */
    public void readFully(long position, ByteBuffer into) throws IOException {
        requireInside(position, into.remaining());
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

    private void requireInside(long position, long count) {
        if (position < 0 || position + count > length) {
            throw new IndexOutOfBoundsException(position + "+" + count + " of " + length);
        }
    }
}
