package io.amalgam.internal.engine;

import io.amalgam.internal.io.ReadOnlyChannel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;

/** An input's channel whose copying within the system is the test's; it can only be read. */
final class WatchedChannel extends ReadOnlyChannel {
    /** What happens when bytes are to be copied from a file to another. */
    interface Copy {
        long copy(FileChannel from, long position, long count, WritableByteChannel to)
                throws IOException;
    }

    private final FileChannel channel;
    private final Copy copy;

    WatchedChannel(FileChannel channel, Copy copy) {
        this.channel = channel;
        this.copy = copy;
    }

    @Override
    public long transferTo(long position, long count, WritableByteChannel target)
            throws IOException {
        return copy.copy(channel, position, count, target);
    }

    @Override
    public int read(ByteBuffer into, long position) throws IOException {
        return channel.read(into, position);
    }

    @Override
    public long size() throws IOException {
        return channel.size();
    }

    @Override
    protected void implCloseChannel() throws IOException {
        channel.close();
    }

    @Override
    public int read(ByteBuffer into) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long read(ByteBuffer[] into, int offset, int length) {
        throw new UnsupportedOperationException();
    }

    @Override
    public long position() {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileChannel position(long position) {
        throw new UnsupportedOperationException();
    }
}
