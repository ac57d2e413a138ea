package io.amalgam.internal.engine;

import io.amalgam.checkpoint.FileRegion;
import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/**
 * Blocks of stored tensors that several merges read: each block is read and decoded by the first of
 * them. Holds one block of each tensor. Used by one thread.
 */
final class SharedReads {
    private final int capacity;
    private final IdentityHashMap<TensorSource, Place> places = new IdentityHashMap<>();
    private final Map<Place, Held> held = new HashMap<>();

    /** Where a tensor is stored: plans open files of their own, but it is one. */
    private record Place(Path file, long offset, DType type) {
        static Place of(StoredTensor stored) {
            FileRegion region = stored.region();
            return new Place(
                    region.file().toAbsolutePath().normalize(),
                    region.offset(),
                    stored.info().dtype());
        }
    }

    /** A block's values, which nobody may change; more elements than were asked for may follow. */
    record Values(float[] array, boolean finite) {}

    private static final class Held {
        private final float[] array;
        private long from = -1;
        private boolean finite;

        Held(int capacity) {
            array = new float[capacity];
        }
    }

    SharedReads(int capacity) {
        this.capacity = capacity;
    }

    /** Forgets the tensors read so far. */
    void clear() {
        places.clear();
        held.values().forEach(each -> each.from = -1);
        if (held.size() > 64) {
            held.clear();
        }
    }

    /** The values of a block; its length is the same for all that ask for its beginning. */
    Values read(TensorSource source, long from, int n, Workspace workspace, LongAdder moved)
            throws IOException {
        Place place = places.computeIfAbsent(source, s -> Place.of(s.stored().orElseThrow()));
        Held block = held.computeIfAbsent(place, p -> new Held(capacity));
        if (block.from != from) {
            block.from = -1;
            block.finite = source.read(from, n, block.array, 0, workspace);
            block.from = from;
            moved.add(place.type().bytesFor(n));
        }
        return new Values(block.array, block.finite);
    }
}
