package io.amalgam.internal.formats.hub;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.NonWritableChannelException;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.StandardOpenOption;

/**
 * A weights file as if it were on disk: its header from the placeholder, its tensors from the
 * buffer. Positional reads are safe for many threads.
 */
final class StreamedChannel extends FileChannel {
    private static final int BLOCK = 1 << 16;

    private final StreamedFile file;
    private final RangeBuffer buffer;
    private final FileChannel placeholder;
    private final long data;
    private long position;

    StreamedChannel(StreamedFile file, RangeBuffer buffer) throws IOException {
        this.file = file;
        this.buffer = buffer;
        this.placeholder = FileChannel.open(file.placeholder(), StandardOpenOption.READ);
        this.data = file.pieces().start(0);
    }

    @Override
    public int read(ByteBuffer into, long at) throws IOException {
        if (at < data) {
            int limit = into.limit();
            into.limit(into.position() + (int) Math.min(into.remaining(), data - at));
            try {
                return placeholder.read(into, at);
            } finally {
                into.limit(limit);
            }
        }
        return into.hasRemaining() && at >= size() ? -1 : buffer.read(file, at, into);
    }

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
    public long size() {
        return file.file().size();
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

    @Override
    protected void implCloseChannel() throws IOException {
        placeholder.close();
    }
}
