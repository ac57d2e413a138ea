package io.amalgam.internal.formats.hub;

import io.amalgam.internal.io.ReadOnlyChannel;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.StandardOpenOption;

/**
 * A weights file as if it were on disk: its header from the placeholder, its tensors from the
 * buffer. Positional reads are safe for many threads.
 */
final class StreamedChannel extends ReadOnlyChannel {
    private final StreamedFile file;
    private final RangeBuffer buffer;
    private final FileChannel placeholder;
    private final long data;

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
        int known = file.known(at, into);
        if (known > 0) {
            return known;
        }
        return into.hasRemaining() && at >= size() ? -1 : buffer.read(file, at, into);
    }

    @Override
    public long size() {
        return file.file().size();
    }

    @Override
    protected void implCloseChannel() throws IOException {
        placeholder.close();
    }
}
