package io.amalgam.internal.formats.pytorch;

import io.amalgam.error.BadInputException;
import io.amalgam.error.Problem;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The directory of a zip archive whose entries are read in place. Java's own reader does not say
 * where an entry's bytes lie. Entries must be stored, not compressed, as {@code torch.save} writes
 * them; archives and entries beyond 4 GiB (zip64) are read.
 */
public final class ZipArchive {
    private static final int END = 0x06054b50;
    private static final int END_SIZE = 22;
    private static final int LONGEST_COMMENT = 0xffff;
    private static final int LOCATOR = 0x07064b50;
    private static final int LOCATOR_SIZE = 20;
    private static final int END64 = 0x06064b50;
    private static final int END64_SIZE = 56;
    private static final int ENTRY = 0x02014b50;
    private static final int ENTRY_SIZE = 46;
    private static final int LOCAL = 0x04034b50;
    private static final int LOCAL_SIZE = 30;
    private static final int EXTRA64 = 1;
    private static final int DESCRIBED = 8;
    private static final long UINT32 = 0xffff_ffffL;

    /** For hundreds of thousands of tensors: enough. */
    private static final int LARGEST_DIRECTORY = 64 << 20;

    private final Path file;
    private final Reader channel;
    private final long directoryStart;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    /**
     * @param header where the entry's own header is, in front of its data
     */
    private record Entry(
            long header, long size, long compressed, int method, int flags, int checksum) {}

    /** Reads from a place in the archive on. */
    @FunctionalInterface
    public interface Reader {
        /** How many bytes were read; negative at the end. */
        int read(ByteBuffer into, long at) throws IOException;
    }

    /**
     * An entry as the directory has it.
     *
     * @param header where the entry's own header is, in front of its data
     * @param described whether its sizes stand behind its data
     * @param checksum CRC-32 of its data; zero if whoever wrote it made none
     */
    public record Place(String name, long header, long size, boolean described, int checksum) {}

    /** Bytes of an entry: where in the file, and how many. */
    record Span(long offset, long length) {}

    private ZipArchive(Path file, Reader channel, long directoryStart) {
        this.file = file;
        this.channel = channel;
        this.directoryStart = directoryStart;
    }

    /**
     * Reads the directory.
     *
     * @throws BadInputException if the file is no zip archive, or a damaged one
     */
    static ZipArchive read(Path file, FileChannel channel) throws IOException {
        return read(file, channel.size(), channel::read);
    }

    /**
     * The same of an archive that is elsewhere.
     *
     * @param file for messages
     * @throws BadInputException if it is no zip archive, or a damaged one
     */
    public static ZipArchive read(Path file, long size, Reader channel) throws IOException {
        int tailSize = (int) Math.min(size, END_SIZE + LONGEST_COMMENT);
        ByteBuffer tail = bytes(channel, size - tailSize, tailSize);
        int end = tailSize - END_SIZE;
        while (end >= 0 && !isEnd(tail, end, tailSize)) {
            end--;
        }
        if (end < 0) {
            throw bad(file, notAnArchive(channel, size));
        }
        long endAt = size - tailSize + end;
        long count = Short.toUnsignedInt(tail.getShort(end + 10));
        long length = Integer.toUnsignedLong(tail.getInt(end + 12));
        long start = Integer.toUnsignedLong(tail.getInt(end + 16));
        if (count == 0xffff || length == UINT32 || start == UINT32) {
            ByteBuffer end64 = end64(file, channel, endAt);
            endAt = Math.min(endAt, end64.getLong(END64_SIZE));
            count = end64.getLong(32);
            length = end64.getLong(40);
            start = end64.getLong(48);
        }
        if (start < 0 || length < 0 || start > endAt || length > endAt - start) {
            throw bad(file, damaged("its directory lies outside of it"));
        }
        if (length > LARGEST_DIRECTORY) {
            throw bad(
                    file,
                    Problem.expected(
                            "zip directory", "at most " + LARGEST_DIRECTORY + " bytes", length));
        }
        ZipArchive archive = new ZipArchive(file, channel, start);
        archive.readEntries(bytes(channel, start, (int) length), count);
        return archive;
    }

    private static boolean isEnd(ByteBuffer tail, int at, int size) {
        return tail.getInt(at) == END
                && at + END_SIZE + Short.toUnsignedInt(tail.getShort(at + 20)) == size;
    }

    /** The large archive's end record, with its own place behind it. */
    private static ByteBuffer end64(Path file, Reader channel, long endAt) throws IOException {
        if (endAt < LOCATOR_SIZE) {
            throw bad(file, damaged("it has no directory"));
        }
        ByteBuffer locator = bytes(channel, endAt - LOCATOR_SIZE, LOCATOR_SIZE);
        long at = locator.getLong(8);
        if (locator.getInt(0) != LOCATOR || at < 0 || at > endAt - LOCATOR_SIZE - END64_SIZE) {
            throw bad(file, damaged("it has no directory"));
        }
        ByteBuffer end = bytes(channel, at, END64_SIZE);
        if (end.getInt(0) != END64) {
            throw bad(file, damaged("it has no directory"));
        }
        ByteBuffer withPlace =
                ByteBuffer.allocate(END64_SIZE + Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        withPlace.put(end).putLong(at);
        return withPlace;
    }

    private void readEntries(ByteBuffer directory, long count) {
        int at = 0;
        for (long i = 0; i < count; i++) {
            if (at + ENTRY_SIZE > directory.limit() || directory.getInt(at) != ENTRY) {
                throw bad(file, damaged("its directory ends after " + i + " of " + count));
            }
            int nameLength = Short.toUnsignedInt(directory.getShort(at + 28));
            int extraLength = Short.toUnsignedInt(directory.getShort(at + 30));
            int commentLength = Short.toUnsignedInt(directory.getShort(at + 32));
            int next = at + ENTRY_SIZE + nameLength + extraLength + commentLength;
            if (next > directory.limit()) {
                throw bad(file, damaged("its directory ends in entry " + i));
            }
            byte[] name = new byte[nameLength];
            directory.get(at + ENTRY_SIZE, name);
            Entry entry = entry(directory, at, at + ENTRY_SIZE + nameLength, extraLength);
            if (entries.put(new String(name, StandardCharsets.UTF_8), entry) != null) {
                throw bad(file, damaged("it has two entries of one name"));
            }
            at = next;
        }
    }

    /** Sizes that do not fit 32 bits stand in an extra field, in this order. */
    private Entry entry(ByteBuffer directory, int at, int extra, int extraLength) {
        long compressed = Integer.toUnsignedLong(directory.getInt(at + 20));
        long size = Integer.toUnsignedLong(directory.getInt(at + 24));
        long header = Integer.toUnsignedLong(directory.getInt(at + 42));
        int end = extra + extraLength;
        while (extra + 4 <= end) {
            int id = Short.toUnsignedInt(directory.getShort(extra));
            int value = extra + 4;
            int limit = Math.min(end, value + Short.toUnsignedInt(directory.getShort(extra + 2)));
            if (id == EXTRA64) {
                if (size == UINT32 && value + Long.BYTES <= limit) {
                    size = directory.getLong(value);
                    value += Long.BYTES;
                }
                if (compressed == UINT32 && value + Long.BYTES <= limit) {
                    compressed = directory.getLong(value);
                    value += Long.BYTES;
                }
                if (header == UINT32 && value + Long.BYTES <= limit) {
                    header = directory.getLong(value);
                }
            }
            extra = limit;
        }
        int flags = Short.toUnsignedInt(directory.getShort(at + 8));
        int method = Short.toUnsignedInt(directory.getShort(at + 10));
        return new Entry(header, size, compressed, method, flags, directory.getInt(at + 16));
    }

    /** Where the directory begins, behind all entries. */
    public long directory() {
        return directoryStart;
    }

    /** The entries in the order of the file. */
    public List<Place> places() {
        return entries.entrySet().stream()
                .map(
                        e ->
                                new Place(
                                        e.getKey(),
                                        e.getValue().header(),
                                        e.getValue().size(),
                                        (e.getValue().flags() & DESCRIBED) != 0,
                                        e.getValue().checksum()))
                .sorted(Comparator.comparingLong(Place::header))
                .toList();
    }

    Set<String> names() {
        return entries.keySet();
    }

    /**
     * Where an entry's bytes are.
     *
     * @throws BadInputException if there is no such entry, or it is compressed, encrypted or
     *     damaged
     */
    Span span(String name) throws IOException {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw bad(file, damaged("it has no entry '" + name + "'"));
        }
        if (entry.method() != 0 || (entry.flags() & 1) != 0) {
            throw bad(
                    file,
                    Problem.expected(
                                    "zip entry '" + name + "'",
                                    "stored bytes",
                                    (entry.flags() & 1) != 0 ? "encrypted ones" : "compressed ones")
                            .hint("load the file with torch and save it again"));
        }
        long headerEnd = entry.header() + LOCAL_SIZE;
        if (entry.header() < 0 || headerEnd < 0 || headerEnd > directoryStart) {
            throw bad(file, damaged("entry '" + name + "' lies outside of it"));
        }
        ByteBuffer local = bytes(channel, entry.header(), LOCAL_SIZE);
        int nameLength = Short.toUnsignedInt(local.getShort(26));
        long start = headerEnd + nameLength + Short.toUnsignedInt(local.getShort(28));
        boolean fits =
                local.getInt(0) == LOCAL
                        && entry.size() >= 0
                        && entry.size() == entry.compressed()
                        && start <= directoryStart
                        && entry.size() <= directoryStart - start;
        if (!fits) {
            throw bad(file, damaged("entry '" + name + "' lies outside of it"));
        }
        byte[] own = new byte[nameLength];
        bytes(channel, headerEnd, nameLength).get(own);
        if (!new String(own, StandardCharsets.UTF_8).equals(name)) {
            throw bad(file, damaged("entry '" + name + "' has another name in front of its data"));
        }
        return new Span(start, entry.size());
    }

    /** An entry's content. */
    byte[] content(String name, int most) throws IOException {
        Span span = span(name);
        if (span.length() > most) {
            throw bad(
                    file,
                    Problem.expected(
                            "zip entry '" + name + "'",
                            "at most " + most + " bytes",
                            span.length()));
        }
        byte[] content = new byte[(int) span.length()];
        bytes(channel, span.offset(), content.length).get(content);
        return content;
    }

    private static ByteBuffer bytes(Reader channel, long from, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, from + bytes.position()) < 0) {
                throw new EOFException("file ends at byte " + (from + bytes.position()));
            }
        }
        return bytes.flip();
    }

    private static Problem notAnArchive(Reader channel, long size) throws IOException {
        ByteBuffer first = bytes(channel, 0, (int) Math.min(size, 2));
        if (size >= 2 && first.get(0) == (byte) 0x80) {
            return Problem.of("a file as torch wrote it before version 1.6 cannot be read")
                    .hint("load it with torch and save it again, or use safetensors");
        }
        return Problem.expected(
                        "PyTorch file",
                        "a zip archive, as torch.save writes it",
                        size == 0 ? "an empty file" : "something else")
                .hint("the download is incomplete, or this is not a PyTorch file");
    }

    private static Problem damaged(String how) {
        return Problem.of("the zip archive is damaged: " + how).hint("download the file again");
    }

    private static BadInputException bad(Path file, Problem problem) {
        return new BadInputException(problem.at("'" + file + "'"));
    }
}
