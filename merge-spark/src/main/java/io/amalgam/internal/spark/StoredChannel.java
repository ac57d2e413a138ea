package io.amalgam.internal.spark;

import io.amalgam.internal.io.ReadOnlyChannel;
import java.io.IOException;
import java.nio.ByteBuffer;

/** A stored weights file as if it were on disk. Positional reads are safe for many threads. */
final class StoredChannel extends ReadOnlyChannel {
    private final StoredFile file;

    StoredChannel(StoredFile file) {
        this.file = file;
    }

    @Override
    public int read(ByteBuffer into, long at) throws IOException {
        if (!into.hasRemaining()) {
            return 0;
        }
        if (at >= file.size()) {
            return -1;
        }
        byte[] piece = Windows.shared().piece(file, at / Windows.BYTES);
        int from = (int) (at % Windows.BYTES);
        int length = Math.min(into.remaining(), piece.length - from);
        into.put(piece, from, length);
        return length;
    }

    @Override
    public long size() {
        return file.size();
    }

    @Override
    protected void implCloseChannel() {}
}
