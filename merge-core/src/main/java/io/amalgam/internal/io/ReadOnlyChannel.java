package io.amalgam.internal.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;

/**
 * A file whose bytes are elsewhere, to be read: subclasses have the positional read and the size.
 */
public abstract class ReadOnlyChannel extends FileChannel {
    private static final int BLOCK = 1 << 16;

    private long position;

    @Override
    public synchronized int read(ByteBuffer into) throws IOException {
        int got = read(into, position);
        position += Math.max(0, got);
        return got;
    }

    @Override
    public synchronized long read(ByteBuffer[] into, int offset, int length) throws IOException {
        long got = 0;
        for (int i = offset; i < offset + length && got >= 0; i++) {
            got += read(into[i]);
        }
        return got;
    }

    @Override
    public long transferTo(long at, long count, WritableByteChannel target) throws IOException {
        ByteBuffer block = ByteBuffer.allocate((int) Math.min(BLOCK, count));
        long done = 0;
        while (done < count) {
            block.clear().limit((int) Math.min(block.capacity(), count - done));
            if (read(block, at + done) < 0) {
                break;
            }
            block.flip();
            done += block.remaining();
            while (block.hasRemaining()) {
                target.write(block);
            }
        }
        return done;
    }

    @Override
    public synchronized long position() {
        return position;
    }

    @Override
    public synchronized FileChannel position(long to) {
        position = to;
        return this;
    }

    @Override
    public int write(ByteBuffer from) {
        throw new NonWritableChannelException();
    }

    @Override
    public long write(ByteBuffer[] from, int offset, int length) {
        throw new NonWritableChannelException();
    }

    @Override
    public int write(ByteBuffer from, long at) {
        throw new NonWritableChannelException();
    }

    @Override
    public FileChannel truncate(long size) {
        throw new NonWritableChannelException();
    }

    @Override
    public void force(boolean metaData) {}

    @Override
    public long transferFrom(ReadableByteChannel from, long at, long count) {
        throw new NonWritableChannelException();
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long at, long size) {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileLock lock(long at, long size, boolean shared) {
        throw new UnsupportedOperationException();
    }

    @Override
    public FileLock tryLock(long at, long size, boolean shared) {
        throw new UnsupportedOperationException();
    }
}
