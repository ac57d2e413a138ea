package io.amalgam.internal.formats.hub;

import io.amalgam.formats.safetensors.SafetensorsHeader;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;

/**
 * How the data of a weights file is divided into what is fetched at once: large tensors into pieces
 * of a fixed size, so that no byte of another tensor is fetched with them; small ones together.
 */
final class Pieces {
    /** The longest piece. */
    static final int LONGEST = 4 << 20;

    /** Small tensors that are fetched together have at most so many bytes. */
    private static final int TOGETHER = 1 << 20;

    private final long[] cuts;
    private final BitSet inside;

    private Pieces(List<Long> cuts, BitSet inside) {
        this.cuts = cuts.stream().mapToLong(Long::longValue).toArray();
        this.inside = inside;
    }

    /** Of a file's data section, counted from the file's beginning. */
    static Pieces of(SafetensorsHeader header) {
        long start = header.dataStart();
        List<long[]> tensors =
                header.tensors().values().stream()
                        .map(t -> new long[] {start + t.begin(), start + t.end()})
                        .sorted(Comparator.comparing((long[] span) -> span[0]))
                        .toList();
        return of(start, tensors, tensors.isEmpty() ? start : tensors.get(tensors.size() - 1)[1]);
    }

    /**
     * Of a file with tensors in it.
     *
     * @param start of the first piece
     * @param tensors where each begins and ends, in order
     * @param end of the last piece
     */
    static Pieces of(long start, List<long[]> tensors, long end) {
        List<Long> cuts = new ArrayList<>(List.of(start));
        BitSet inside = new BitSet();
        for (long[] tensor : tensors) {
            long from = tensor[0];
            long to = tensor[1];
            if (to - last(cuts) > TOGETHER) {
                cut(cuts, from);
            }
            for (long at = from + LONGEST; at < to; at += LONGEST) {
                inside.set(cuts.size());
                cuts.add(at);
            }
            if (to - from > TOGETHER) {
                cut(cuts, to);
            }
        }
        cut(cuts, end);
        return new Pieces(cuts, inside);
    }

    /** Of a file whose header is where it is: all of it, in pieces of one size. */
    static Pieces even(long size) {
        List<Long> cuts = new ArrayList<>();
        BitSet inside = new BitSet();
        for (long at = 0; at < size; at += LONGEST) {
            inside.set(cuts.size());
            cuts.add(at);
        }
        cuts.add(size);
        return new Pieces(cuts, inside);
    }

    private static long last(List<Long> cuts) {
        return cuts.get(cuts.size() - 1);
    }

    private static void cut(List<Long> cuts, long at) {
        while (at - last(cuts) > LONGEST) {
            cuts.add(last(cuts) + LONGEST);
        }
        if (at > last(cuts)) {
            cuts.add(at);
        }
    }

    int count() {
        return cuts.length - 1;
    }

    long start(int piece) {
        return cuts[piece];
    }

    long end(int piece) {
        return cuts[piece + 1];
    }

    /** The piece that a byte is in; negative if it is in none. */
    int at(long position) {
        int found = Arrays.binarySearch(cuts, position);
        int piece = found >= 0 ? found : -found - 2;
        return piece < count() ? piece : -1;
    }

    /** Whether the next piece is of the same tensor. */
    boolean goesOn(int piece) {
        return inside.get(piece + 1);
    }
}
