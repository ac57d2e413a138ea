package io.amalgam.internal.formats.hub;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.zip.CRC32;

/**
 * Checksums of a zip archive's entries while they come in parts, in any order and several at once.
 * An entry is checked when all of it has come.
 */
final class EntryChecks {
    /** Of CRC-32, lowest power first. */
    private static final int POLYNOMIAL = 0xedb88320;

    private static final int ONE = 1 << 31;
    private static final int X8 = ONE >>> 8;

    private final TreeMap<Long, Entry> entries = new TreeMap<>();
    private final NavigableMap<Long, byte[]> known;
    private final Map<Entry, TreeMap<Long, Run>> come = new HashMap<>();

    /** The data of an entry: where it begins and ends, and its CRC-32. */
    record Entry(String name, long start, long end, int checksum) {}

    private record Run(long length, int checksum) {}

    /**
     * @param known bytes that are read in place of what comes
     */
    EntryChecks(List<Entry> checked, NavigableMap<Long, byte[]> known) {
        this.known = known;
        checked.stream().filter(e -> e.end() > e.start()).forEach(e -> entries.put(e.start(), e));
    }

    /** Of a file that has none. */
    static EntryChecks none() {
        return new EntryChecks(List.of(), new TreeMap<>());
    }

    /** A part that begins somewhere, and whose bytes come in order. */
    Part part(long start) {
        return new Part(start);
    }

    final class Part {
        private final Map<Entry, Run> runs = new LinkedHashMap<>();
        private final long start;
        private long at;

        private Part(long start) {
            this.start = start;
            this.at = start;
        }

        void update(ByteBuffer bytes) {
            if (!entries.isEmpty()) {
                byte[] read = new byte[bytes.remaining()];
                bytes.get(read);
                putKnown(at, read);
                add(read);
            }
        }

        private void add(byte[] read) {
            long end = at + read.length;
            Long first = entries.floorKey(at);
            for (Entry entry : entries.subMap(first == null ? at : first, end).values()) {
                long from = Math.max(at, entry.start());
                long to = Math.min(end, entry.end());
                if (from < to) {
                    CRC32 checksum = new CRC32();
                    checksum.update(read, (int) (from - at), (int) (to - from));
                    Run next = new Run(to - from, (int) checksum.getValue());
                    runs.merge(entry, next, EntryChecks::joined);
                }
            }
            at = end;
        }

        /** All bytes of the part have come; the name of an entry that is whole now and damaged. */
        Optional<String> end() {
            List<String> damaged = new ArrayList<>();
            runs.forEach(
                    (entry, run) -> {
                        if (!isRight(entry, Math.max(start, entry.start()), run)) {
                            damaged.add(entry.name());
                        }
                    });
            return damaged.stream().findFirst();
        }
    }

    private void putKnown(long at, byte[] read) {
        Long first = known.floorKey(at);
        for (Map.Entry<Long, byte[]> part :
                known.subMap(first == null ? at : first, at + read.length).entrySet()) {
            long from = Math.max(at, part.getKey());
            long to = Math.min(at + read.length, part.getKey() + part.getValue().length);
            if (from < to) {
                System.arraycopy(
                        part.getValue(),
                        (int) (from - part.getKey()),
                        read,
                        (int) (from - at),
                        (int) (to - from));
            }
        }
    }

    /** Adds what came of an entry; false if that was the last of it, and it is damaged. */
    private synchronized boolean isRight(Entry entry, long from, Run run) {
        TreeMap<Long, Run> runs = come.computeIfAbsent(entry, e -> new TreeMap<>());
        runs.put(from, run);
        Run whole = runs.values().stream().reduce(EntryChecks::joined).orElseThrow();
        return whole.length() < entry.end() - entry.start() || whole.checksum() == entry.checksum();
    }

    private static Run joined(Run first, Run second) {
        int moved = multiplied(first.checksum(), powerOfX8(second.length()));
        return new Run(first.length() + second.length(), moved ^ second.checksum());
    }

    /** x to eight times a power, modulo the polynomial: what so many bytes do to a checksum. */
    private static int powerOfX8(long bytes) {
        int power = ONE;
        int square = X8;
        for (long left = bytes; left != 0; left >>>= 1) {
            if ((left & 1) != 0) {
                power = multiplied(power, square);
            }
            square = multiplied(square, square);
        }
        return power;
    }

    private static int multiplied(int a, int b) {
        int product = 0;
        for (int bit = ONE, power = b; bit != 0; bit >>>= 1) {
            if ((a & bit) != 0) {
                product ^= power;
            }
            power = (power >>> 1) ^ ((power & 1) == 0 ? 0 : POLYNOMIAL);
        }
        return product;
    }
}
