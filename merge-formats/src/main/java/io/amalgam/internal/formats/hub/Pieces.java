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
        List<Long> cuts = new ArrayList<>(List.of(start));
        BitSet inside = new BitSet();
        List<SafetensorsHeader.Entry> tensors =
                header.tensors().values().stream()
                        .sorted(Comparator.comparing(SafetensorsHeader.Entry::begin))
                        .toList();
        for (SafetensorsHeader.Entry tensor : tensors) {
            long from = start + tensor.begin();
            long to = start + tensor.end();
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
        cut(cuts, start + (tensors.isEmpty() ? 0 : tensors.get(tensors.size() - 1).end()));
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
