package io.amalgam.internal.formats.gguf;

import static io.amalgam.internal.formats.files.FileText.quote;

import io.amalgam.error.Problem;
import io.amalgam.internal.formats.gguf.GgufHeader.Entry;
import io.amalgam.tensor.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Where tensors lie in a GGUF file that is read: inside it, aligned, none over another. */
final class ReadDataLayout {
    private ReadDataLayout() {}

    /**
     * A tensor with the size that its type and dimensions give it.
     *
     * @param start where the file describes it
     */
    static Entry sized(
            String name, GgmlType type, long[] dims, long offset, HeaderBytes bytes, long start) {
        String what = "tensor " + quote(name);
        long row = dims.length == 0 ? 1 : dims[dims.length - 1];
        if (row % type.blockElements() != 0) {
            throw bytes.bad(
                    Problem.expected(
                            what,
                            "rows of whole blocks of " + type.blockElements() + " elements",
                            "rows of " + Long.toUnsignedString(row) + " elements of " + type),
                    start);
        }
        if (Arrays.stream(dims).anyMatch(dim -> dim == 0)) {
            throw bytes.bad(
                    Problem.expected(what, "dimensions of 1 or more", Arrays.toString(dims)),
                    start);
        }
        try {
            Shape shape = Shape.of(dims);
            long blocks = shape.elements() / type.blockElements();
            return new Entry(
                    name, type, shape, offset, Math.multiplyExact(blocks, type.blockBytes()));
        } catch (ArithmeticException | IllegalArgumentException e) {
            throw bytes.bad(
                    Problem.expected(
                            what,
                            "dimensions that the file has room for",
                            Arrays.toString(
                                    Arrays.stream(dims)
                                            .mapToObj(Long::toUnsignedString)
                                            .toArray())),
                    start);
        }
    }

    /** The tensors with offsets in the file, in their order; the header was read to its end. */
    static Map<String, Entry> placed(
            Collection<Entry> entries, long alignment, HeaderBytes header) {
        long padded = Alignment.next(header.position(), alignment);
        long data = entries.isEmpty() ? padded : Math.min(padded, header.size());
        long room = header.size() - data;
        Map<String, Entry> placed = new LinkedHashMap<>();
        for (Entry entry : entries) {
            String offset = Long.toUnsignedString(entry.offset());
            if (entry.offset() % alignment != 0) {
                throw header.bad(
                        Problem.expected(
                                "offset of tensor " + quote(entry.name()),
                                "a multiple of " + alignment,
                                offset),
                        header.position());
            }
            if (entry.offset() < 0
                    || entry.offset() > room
                    || entry.length() > room - entry.offset()) {
                throw header.bad(
                        Problem.expected(
                                        "data of tensor " + quote(entry.name()),
                                        entry.length() + " bytes from byte " + offset + " on",
                                        room + " bytes in all")
                                .hint("the download is incomplete: get the file again"),
                        header.position());
            }
            placed.put(
                    entry.name(),
                    new Entry(
                            entry.name(),
                            entry.type(),
                            entry.shape(),
                            data + entry.offset(),
                            entry.length()));
        }
        requireApart(placed.values(), header);
        return placed;
    }

    private static void requireApart(Collection<Entry> entries, HeaderBytes header) {
        List<Entry> sorted = new ArrayList<>(entries);
        sorted.sort(Comparator.comparingLong(Entry::offset));
        for (int i = 1; i < sorted.size(); i++) {
            Entry before = sorted.get(i - 1);
            Entry entry = sorted.get(i);
            if (entry.offset() - before.offset() < before.length()) {
                throw header.bad(
                        Problem.expected(
                                "tensor " + quote(entry.name()),
                                "data of its own",
                                "some of tensor " + quote(before.name())),
                        header.position());
            }
        }
    }
}
