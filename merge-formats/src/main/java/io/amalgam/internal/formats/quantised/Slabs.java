package io.amalgam.internal.formats.quantised;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Bytes of tensors that are stored the other way round: what a tile needs lies in many short runs,
 * which are read for many tiles at a time. The last few pieces are kept, for all readers of a
 * model. Safe for use by several threads.
 */
final class Slabs {
    /** Bytes of codes in a piece, more where a tile has more. */
    static final int BYTES = 1 << 22;

    /** Codes, zeros and scales of two pieces: readers are at most a few tiles apart. */
    private static final int KEPT = 6;

    private record Key(String tensor, long number) {}

    private final Map<Key, byte[]> kept = new LinkedHashMap<>(KEPT, 0.75f, true);

    /** Reads a piece. */
    interface Loader {
        byte[] load() throws IOException;
    }

    /** A piece of a tensor; whoever needs it first reads it, and the others wait. */
    synchronized byte[] get(String tensor, long number, Loader loader) throws IOException {
        Key key = new Key(tensor, number);
        byte[] there = kept.get(key);
        if (there == null) {
            if (kept.size() >= KEPT) {
                kept.remove(kept.keySet().iterator().next());
            }
            there = loader.load();
            kept.put(key, there);
        }
        return there;
    }
}
