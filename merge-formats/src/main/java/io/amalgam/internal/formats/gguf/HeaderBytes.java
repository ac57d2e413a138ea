package io.amalgam.internal.formats.gguf;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ReadableByteChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * The header of a GGUF file, read from its beginning on. Nothing is allocated before the file was
 * seen to be long enough for it.
 */
final class HeaderBytes {
    /** Vocabularies of today take a tenth of it. */
    static final long LONGEST = 100_000_000;

    private final String file;
    private final ReadableByteChannel channel;
    private final long size;
    private final ByteBuffer buffer =
            ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN).limit(0);
    private long taken;

    /**
     * @param file for messages
     * @param size of the whole file
     */
    HeaderBytes(String file, ReadableByteChannel channel, long size) {
        this.file = file;
        this.channel = channel;
        this.size = size;
    }

    /** Where the next byte is. */
    long position() {
        return taken;
    }

    /** Of the whole file. */
    long size() {
        return size;
    }

    /**
     * The number of things that follow.
     *
     * @param what for messages, with its article left out
     * @param least bytes that each takes at least
     */
    int count(String what, int least) throws IOException {
        return count(what, least, Integer.MAX_VALUE);
    }

    /** The same where there are never more than so many. */
    int count(String what, int least, int limit) throws IOException {
        long at = taken;
        long count = u64(what);
        long most = Math.min(left() / least, limit);
        if (Long.compareUnsigned(count, most) > 0) {
            throw bad(
                    Problem.expected(
                            what,
                            "at most "
                                    + most
                                    + (most == limit ? "" : ", which the file has room for"),
                            Long.toUnsignedString(count)),
                    at);
        }
        return Math.toIntExact(count);
    }

    byte u8(String what) throws IOException {
        return need(1, what).get();
    }

    int u32(String what) throws IOException {
        return need(Integer.BYTES, what).getInt();
    }

    long u64(String what) throws IOException {
        return need(Long.BYTES, what).getLong();
    }

    /** A text with its length before it. */
    String text(String what) throws IOException {
        byte[] bytes = bytes(count("length of " + what, 1), what);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            throw bad(Problem.expected(what, "UTF-8", "other bytes"), taken - bytes.length);
        }
    }

    /** Bytes as they are; their number was checked. */
    byte[] bytes(int count, String what) throws IOException {
        byte[] bytes = new byte[count];
        for (int done = 0; done < count; ) {
            int n = Math.min(count - done, buffer.capacity());
            need(n, what).get(bytes, done, n);
            done += n;
        }
        return bytes;
    }

    /** Leaves bytes out; their number was checked. */
    void skip(int count, String what) throws IOException {
        for (int done = 0; done < count; ) {
            int n = Math.min(count - done, buffer.capacity());
            ByteBuffer some = need(n, what);
            some.position(some.position() + n);
            done += n;
        }
    }

    /** What is wrong, at a byte of the file. */
    BadInputException bad(Problem problem, long at) {
        Problem advised =
                problem.hint().isEmpty()
                        ? problem.hint("the file is damaged: get it again")
                        : problem;
        return new BadInputException(advised.at("'" + file + "', byte " + at));
    }

    /** Bytes that may still be taken. */
    private long left() {
        return Math.max(0, Math.min(size, LONGEST) - taken);
    }

    private ByteBuffer need(int count, String what) throws IOException {
        if (count > left()) {
            throw size <= LONGEST
                    ? bad(
                            Problem.expected(
                                            "header",
                                            what + " of " + count + " bytes",
                                            "the end of the file after " + left())
                                    .hint("the download is incomplete: get the file again"),
                            taken)
                    : bad(
                            Problem.expected(
                                    "header", "at most " + LONGEST + " bytes", "more than that"),
                            taken);
        }
        if (buffer.remaining() < count) {
            buffer.compact();
            while (buffer.position() < count) {
                if (channel.read(buffer) < 0) {
                    throw new EOFException("'" + file + "': it was shortened while it was read");
                }
            }
            buffer.flip();
        }
        taken += count;
        return buffer;
    }
}
