package io.amalgam.internal.formats.hub;

import io.amalgam.error.BadInputException;
import io.amalgam.formats.safetensors.SafetensorsHeader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;

/** The beginning of a weights file, which says what is in it. */
final class FileHead {
    /** What clients ask for at once; nearly all headers fit. */
    private static final int FIRST = 100_000;

    /** Where the number of tensors is known: bytes of metadata, and of each tensor. */
    private static final int ROOM = 1024;

    private static final int EACH = 160;

    /** Of a GGUF file as many bytes as tell its kind; its header is as long as its vocabulary. */
    static final int KIND = 16;

    private static final long LONGEST_HEADER = 100_000_000;

    private FileHead() {}

    /** How long a header is likely to be. */
    static int likely(int tensors) {
        return tensors == 0 ? FIRST : Math.min(FIRST, ROOM + tensors * EACH);
    }

    /** The header alone: the rest is fetched, or what came with it is cut off. */
    static byte[] whole(SmallParts source, RemoteFile file, byte[] start) throws IOException {
        if (start.length < Long.BYTES) {
            return start;
        }
        long end = Long.BYTES + ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN).getLong();
        if (end > start.length && end <= Math.min(file.size(), LONGEST_HEADER)) {
            byte[] rest = source.bytes(file.path(), start.length, end);
            byte[] all = Arrays.copyOf(start, start.length + rest.length);
            System.arraycopy(rest, 0, all, start.length, rest.length);
            return all;
        }
        return end >= Long.BYTES && end < start.length ? Arrays.copyOf(start, (int) end) : start;
    }

    /** The header in a placeholder; empty if it is none. */
    static Optional<SafetensorsHeader> read(Path place, RemoteFile file) throws IOException {
        try (FileChannel channel = FileChannel.open(place, StandardOpenOption.READ)) {
            return Optional.of(SafetensorsHeader.read(place.toString(), channel, file.size()));
        } catch (BadInputException e) {
            return Optional.empty();
        }
    }
}
