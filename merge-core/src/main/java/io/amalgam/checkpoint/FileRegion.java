package io.amalgam.checkpoint;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * A range of bytes of an open file. Reads are positional and thread-safe; a file truncated
 * meanwhile is an exception (with a mapping, the process would crash).
 *
 * @param channel open for reading; closed by the checkpoint that owns it
 * @param file for messages
 */
public record FileRegion(FileChannel channel, Path file, long offset, long length) {
    /**
     * Copies bytes to the current position of another file, within the operating system if
     * possible, and advances that position.
     *
     * @return the number of bytes copied, possibly fewer than {@code count}; 0 at the end of the
     *     file
     */
    public long transferTo(long position, long count, FileChannel target) throws IOException {
        requireInside(position, count);
        return channel.transferTo(offset + position, count, target);
    }

    /**
     * Fills the remaining space of {@code into} with the bytes at {@code position} of the region.
     *
     * @throws EOFException if the file was shortened since it was opened
     */
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
