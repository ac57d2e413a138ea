package io.amalgam.internal.engine;

import io.amalgam.checkpoint.FileRegion;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import org.jspecify.annotations.Nullable;

/**
 * Copies bytes of inputs to the output's files within the operating system. The system writes where
 * the target's channel stands, so whoever copies needs a channel of its own: one thread uses one of
 * these. Of an output of many files, the one written to last is kept open.
 */
final class DirectCopy implements Closeable {
    /** Bytes copied at a time at most: between two calls a merge can be stopped. */
    static final int PIECE = 1 << 23;

    private final OutputFiles files;
    private int file = -1;
    private @Nullable FileChannel target;
    private boolean works = true;

    DirectCopy(OutputFiles files) {
        this.files = files;
    }

    /**
     * Copies bytes of a region to a place in an output file.
     *
     * @return how many; 0 if they have to be read and written instead, which also says what is
     *     wrong if that cannot be done either
     */
    long copy(FileRegion from, long position, long count, int to, long at) throws IOException {
        if (!works) {
            return 0;
        }
        try {
            return from.transferTo(position, Math.min(count, PIECE), target(to).position(at));
        } catch (ClosedChannelException e) {
            throw e;
        } catch (IOException e) {
            // Not every file system can do it, and the message would name no file.
            works = false;
            return 0;
        }
    }

    private FileChannel target(int to) throws IOException {
        if (target == null || file != to) {
            close();
            target = files.openAgain(to);
            file = to;
        }
        return target;
    }

    @Override
    public void close() throws IOException {
        if (target != null) {
            target.close();
            target = null;
        }
    }
}
