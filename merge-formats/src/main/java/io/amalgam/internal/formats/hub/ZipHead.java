package io.amalgam.internal.formats.hub;

import io.amalgam.error.BadInputException;
import io.amalgam.internal.formats.pytorch.ZipArchive;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * What of a PyTorch file, a zip archive, is needed to know its tensors: the directory at its end,
 * the pickle at its beginning, and the headers in front of tensors, which follow from where entries
 * begin and how long they are.
 */
final class ZipHead {
    private static final int LOCAL = 0x04034b50;
    private static final int LOCAL_SIZE = 30;
    private static final String DATA = "/data/";

    /** What torch aligns tensors to. */
    private static final int ALIGNMENT = 64;

    /** Sizes behind an entry's data, as numbers of 32 and of 64 bits. */
    private static final int[] DESCRIPTORS = {16, 24};

    /** The pickle of no model is longer. */
    private static final long LONGEST = 32L << 20;

    private final TreeMap<Long, byte[]> parts = new TreeMap<>();
    private final List<long[]> tensors = new ArrayList<>();
    private final List<EntryChecks.Entry> checked = new ArrayList<>();

    private ZipHead() {}

    /** Fetches the directory and the beginning. */
    static ZipHead read(SmallParts source, RemoteFile file, Path place) throws IOException {
        ZipHead head = new ZipHead();
        ZipArchive archive =
                ZipArchive.read(
                        place,
                        file.size(),
                        (into, at) -> {
                            byte[] known = head.at(source, file, at, into.remaining());
                            into.put(known);
                            return known.length;
                        });
        List<ZipArchive.Place> entries = archive.places();
        for (int i = 0; i < entries.size(); i++) {
            ZipArchive.Place entry = entries.get(i);
            long next = i + 1 < entries.size() ? entries.get(i + 1).header() : archive.directory();
            if (entry.name().contains(DATA)) {
                head.tensors.add(new long[] {entry.header(), next});
                head.header(entry, next);
            }
        }
        long first = head.tensors.isEmpty() ? archive.directory() : head.tensors.get(0)[0];
        if (first > 0 && first <= LONGEST) {
            head.at(source, file, 0, (int) first);
        }
        return head;
    }

    /** Bytes of the file; what was fetched stays known. */
    private byte[] at(SmallParts source, RemoteFile file, long at, int count) throws IOException {
        Map.Entry<Long, byte[]> known = parts.floorEntry(at);
        if (known != null && at + count <= known.getKey() + known.getValue().length) {
            byte[] some = new byte[count];
            System.arraycopy(known.getValue(), (int) (at - known.getKey()), some, 0, count);
            return some;
        }
        byte[] fetched = source.bytes(file.path(), at, at + count);
        if (fetched.length != count) {
            throw new BadInputException(
                    HubProblems.noRanges(source.repo(), file, source.address(file.path())));
        }
        parts.put(at, fetched);
        return fetched;
    }

    /**
     * The header in front of a tensor, if there is one way only that it can be: its data ends where
     * the next entry begins, and is aligned.
     */
    private void header(ZipArchive.Place entry, long next) {
        byte[] name = entry.name().getBytes(StandardCharsets.UTF_8);
        long earliest = entry.header() + LOCAL_SIZE + name.length;
        List<Long> starts = new ArrayList<>();
        for (int descriptor : entry.described() ? DESCRIPTORS : new int[] {0}) {
            long start = next - descriptor - entry.size();
            if (start >= earliest && start - earliest <= 0xffff && start % ALIGNMENT == 0) {
                starts.add(start);
            }
        }
        if (starts.size() != 1) {
            return;
        }
        if (entry.checksum() != 0) {
            long start = starts.get(0);
            checked.add(
                    new EntryChecks.Entry(
                            entry.name(), start, start + entry.size(), entry.checksum()));
        }
        ByteBuffer header =
                ByteBuffer.allocate(LOCAL_SIZE + name.length).order(ByteOrder.LITTLE_ENDIAN);
        header.putInt(0, LOCAL);
        header.putShort(26, (short) name.length);
        header.putShort(28, (short) (starts.get(0) - earliest));
        header.position(LOCAL_SIZE);
        header.put(name);
        Map.Entry<Long, byte[]> known = parts.floorEntry(entry.header());
        if (known == null || known.getKey() + known.getValue().length <= entry.header()) {
            parts.put(entry.header(), header.array());
        }
    }

    /** Runs of bytes that are known, by where they begin. */
    NavigableMap<Long, byte[]> parts() {
        return parts;
    }

    /** Checksums of the tensors, which are in the directory unless torch was told to make none. */
    EntryChecks checks() {
        return new EntryChecks(checked, parts);
    }

    /** How the file is divided into what is fetched at once. */
    Pieces pieces(long size) {
        return Pieces.of(0, tensors, size);
    }
}
