package io.amalgam.internal.lora.apply;

import io.amalgam.kernel.Workspace;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The decoded factors of the tensors that are being read: those used last, so that what is held
 * does not grow with the adapter.
 */
final class FactorCache {
    private final int capacity;
    private final Map<LoraTensor, Entry> entries;

    /**
     * @param capacity tensors whose factors are held; more than are read at a time
     */
    FactorCache(int capacity) {
        this.capacity = capacity;
        this.entries = new LinkedHashMap<>(16, 0.75f, true);
    }

    private static final class Entry {
        private @Nullable RowUpdate change;
    }

    int capacity() {
        return capacity;
    }

    /** A tensor's factors, decoded by the first that asks. */
    RowUpdate get(LoraTensor tensor, Workspace workspace) throws IOException {
        Entry entry;
        synchronized (this) {
            entry = entries.computeIfAbsent(tensor, unused -> new Entry());
            if (entries.size() > capacity) {
                entries.remove(entries.keySet().iterator().next());
            }
        }
        synchronized (entry) {
            RowUpdate change = entry.change;
            if (change == null) {
                change = tensor.load(workspace);
                entry.change = change;
            }
            return change;
        }
    }
}
