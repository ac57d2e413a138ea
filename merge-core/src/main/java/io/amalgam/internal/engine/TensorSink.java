package io.amalgam.internal.engine;

import io.amalgam.checkpoint.FileRegion;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The destination of output tensors, by their place in the layout of the plan. One worker uses one
 * sink; several may write to different parts of one tensor at once.
 */
interface TensorSink extends Closeable {
    /** Writes bytes of a tensor at a position in it. */
    void write(int place, long position, ByteBuffer bytes) throws IOException;

    /**
     * Writes bytes of a tensor, unless others are writing to its file.
     *
     * @return whether they were written
     */
    boolean tryWrite(int place, long position, ByteBuffer bytes) throws IOException;

    /** Reads back bytes of a tensor. */
    void read(int place, long position, ByteBuffer into) throws IOException;

    /**
     * Copies bytes of an input without showing them.
     *
     * @return how many were copied; 0 if they have to be read and written instead
     */
    long copy(int place, long position, FileRegion from, long at, long count) throws IOException;

    @Override
    void close() throws IOException;

    /** Takes nothing: for runs that only read. */
    TensorSink NONE =
            new TensorSink() {
                @Override
                public void write(int place, long position, ByteBuffer bytes) {
                    throw new IllegalStateException("this run has no output");
                }

                @Override
                public boolean tryWrite(int place, long position, ByteBuffer bytes) {
                    throw new IllegalStateException("this run has no output");
                }

                @Override
                public void read(int place, long position, ByteBuffer into) {
                    throw new IllegalStateException("this run has no output");
                }

                @Override
                public long copy(int place, long position, FileRegion from, long at, long count) {
                    return 0;
                }

                @Override
                public void close() {}
            };
}
