package io.amalgam.internal.engine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.LongAdder;
import java.util.zip.CRC32C;

/**
 * Writes what comes block by block in larger pieces: the system writes to a file for one thread at
 * a time, and each call makes the others wait. A piece whose file is being written to waits while
 * the next one is filled. One worker uses it.
 */
final class GatheredWrites {
    /**
     * Bytes of a piece for each element of a block: four blocks of a 16-bit type, 128 kB of the
     * largest blocks. Both pieces fit the cache of a processor core beside what is being computed.
     */
    private static final int BYTES_OF_ELEMENT = 8;

    private final TensorSink sink;
    private final CRC32C crc;
    private final LongAdder moved;
    private final LongAdder written;
    private Piece filling;
    private Piece other;
    private long ended;
    private long piecesWritten;

    /** Bytes of a tensor, and where they belong. */
    private static final class Piece {
        final ByteBuffer bytes;
        int place;
        long begin;

        Piece(int size) {
            bytes = ByteBuffer.allocateDirect(size);
        }
    }

    /**
     * @param crc of the bytes given, in their order; complete after {@link #end()}
     * @param moved counts bytes read and written
     * @param written counts bytes written
     */
    GatheredWrites(
            TensorSink sink, CRC32C crc, LongAdder moved, LongAdder written, int blockElements) {
        this.sink = sink;
        this.crc = crc;
        this.moved = moved;
        this.written = written;
        this.filling = new Piece(blockElements * BYTES_OF_ELEMENT);
        this.other = new Piece(blockElements * BYTES_OF_ELEMENT);
    }

    /** Memory held, in bytes. */
    static long bytesHeld(int blockElements) {
        return 2L * blockElements * BYTES_OF_ELEMENT;
    }

    /**
     * Where the next bytes of the output are to be put, little-endian; they count as written.
     *
     * @param place of the tensor in the layout
     * @param position in the tensor, in bytes
     */
    ByteBuffer next(int place, long position, int length) throws IOException {
        ByteBuffer bytes = filling.bytes;
        boolean continues = place == filling.place && position == filling.begin + bytes.position();
        if (!continues || bytes.remaining() < length) {
            end();
            bytes = filling.bytes;
            filling.place = place;
            filling.begin = position;
        }
        int at = bytes.position();
        bytes.position(at + length);
        return bytes.slice(at, length).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Ends a piece: what follows belongs elsewhere. It is written now, or waits. */
    void end() throws IOException {
        if (filling.bytes.position() == 0) {
            return;
        }
        flushWaiting();
        Piece full = filling;
        full.bytes.flip();
        crc.update(full.bytes);
        full.bytes.rewind();
        filling = other;
        other = full;
        ended++;
        tryFlush();
    }

    /** Writes the piece that waits, unless its file is being written to. */
    void tryFlush() throws IOException {
        if (piecesWritten < ended && sink.tryWrite(other.place, other.begin, other.bytes)) {
            count();
        }
    }

    /** Writes all that was gathered. */
    void flush() throws IOException {
        end();
        flushWaiting();
    }

    /** How many pieces were ended. */
    long ended() {
        return ended;
    }

    /** How many of them are written; at most one is not. */
    long piecesWritten() {
        return piecesWritten;
    }

    private void flushWaiting() throws IOException {
        if (piecesWritten < ended) {
            sink.write(other.place, other.begin, other.bytes);
            count();
        }
    }

    private void count() {
        int length = other.bytes.limit();
        piecesWritten++;
        other.bytes.clear();
        moved.add(length);
        written.add(length);
    }
}
