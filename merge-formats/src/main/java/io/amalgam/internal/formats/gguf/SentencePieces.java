package io.amalgam.internal.formats.gguf;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The pieces of a {@code tokenizer.model} of SentencePiece, a message of Protocol Buffers. */
final class SentencePieces {
    private static final int PIECES = 1;
    private static final int TEXT = 1;
    private static final int SCORE = 2;
    private static final int KIND = 3;

    private SentencePieces() {}

    /**
     * A piece.
     *
     * @param kind as the file numbers it: those of {@link TokenList}
     */
    record Piece(String text, float score, int kind) {}

    /**
     * @throws BadInputException if the bytes are no such message
     */
    static List<Piece> read(byte[] content) {
        ByteBuffer bytes = ByteBuffer.wrap(content).order(ByteOrder.LITTLE_ENDIAN);
        List<Piece> pieces = new ArrayList<>();
        try {
            while (bytes.hasRemaining()) {
                long tag = number(bytes);
                if (tag >>> 3 == PIECES && (tag & 7) == 2) {
                    pieces.add(piece(inner(bytes)));
                } else {
                    skip(bytes, tag);
                }
            }
        } catch (BufferUnderflowException | IllegalArgumentException e) {
            throw new BadInputException(
                    Problem.expected("'tokenizer.model'", "a SentencePiece model", "other bytes")
                            .hint("the download is incomplete: get the file again"));
        }
        return pieces;
    }

    private static Piece piece(ByteBuffer bytes) {
        String text = "";
        float score = 0;
        int kind = TokenList.NORMAL;
        while (bytes.hasRemaining()) {
            long tag = number(bytes);
            switch ((int) (tag >>> 3)) {
                case TEXT -> text = StandardCharsets.UTF_8.decode(inner(bytes)).toString();
                case SCORE -> score = bytes.getFloat();
                case KIND -> kind = (int) number(bytes);
                default -> skip(bytes, tag);
            }
        }
        return new Piece(text, score, kind);
    }

    private static long number(ByteBuffer bytes) {
        long value = 0;
        for (int shift = 0; shift < Long.SIZE; shift += 7) {
            byte next = bytes.get();
            value |= (long) (next & 0x7f) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw new IllegalArgumentException("a number of more than 64 bits");
    }

    private static ByteBuffer inner(ByteBuffer bytes) {
        long length = number(bytes);
        if (length < 0 || length > bytes.remaining()) {
            throw new IllegalArgumentException("a part of " + length + " bytes");
        }
        ByteBuffer part = bytes.slice(bytes.position(), (int) length);
        bytes.position(bytes.position() + (int) length);
        return part.order(ByteOrder.LITTLE_ENDIAN);
    }

    private static void skip(ByteBuffer bytes, long tag) {
        switch ((int) (tag & 7)) {
            case 0 -> number(bytes);
            case 1 -> bytes.getLong();
            case 2 -> inner(bytes);
            case 5 -> bytes.getInt();
            default -> throw new IllegalArgumentException("a field of kind " + (tag & 7));
        }
    }
}
