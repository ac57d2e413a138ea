package io.amalgam.internal.engine;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.LongAdder;
import java.util.zip.CRC32C;

/**
 * Writes what comes block by block in larger pieces: the system writes to a file for one thread at
 * a time, and each call makes the others wait. One worker uses it.
 */
final class GatheredWrites {
    /**
     * Bytes for each element of a block: eight blocks of a 16-bit type, 256 kB of the largest
     * blocks, which fit the cache of a processor core beside what is being computed.
     */
    private static final int BYTES_OF_ELEMENT = 16;

    private final TensorSink sink;
    private final CRC32C crc;
    private final LongAdder moved;
    private final LongAdder written;
    private final ByteBuffer piece;
    private int place;
    private long begin;

    /**
     * @param crc of the bytes written, in the order of their writing
     * @param moved counts bytes read and written
     * @param written counts bytes written
     */
    GatheredWrites(
            TensorSink sink, CRC32C crc, LongAdder moved, LongAdder written, int blockElements) {
        this.sink = sink;
        this.crc = crc;
        this.moved = moved;
        this.written = written;
        this.piece = ByteBuffer.allocateDirect(blockElements * BYTES_OF_ELEMENT);
    }

    /** Memory held, in bytes. */
    static long bytesHeld(int blockElements) {
        return (long) blockElements * BYTES_OF_ELEMENT;
    }

    /**
     * Where the next bytes of the output are to be put, little-endian; they count as written.
     *
     * @param place of the tensor in the layout
     * @param position in the tensor, in bytes
     */
    ByteBuffer next(int place, long position, int length) throws IOException {
        boolean continues = place == this.place && position == begin + piece.position();
        if (!continues || piece.remaining() < length) {
            flush();
            this.place = place;
            this.begin = position;
        }
        int at = piece.position();
        piece.position(at + length);
        return piece.slice(at, length).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Writes what was gathered. */
    void flush() throws IOException {
        int length = piece.position();
        if (length == 0) {
            return;
        }
        piece.flip();
        crc.update(piece);
        piece.rewind();
        sink.write(place, begin, piece);
        piece.clear();
        moved.add(length);
        written.add(length);
    }
}
