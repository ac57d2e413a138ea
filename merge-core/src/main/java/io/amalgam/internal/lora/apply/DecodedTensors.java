package io.amalgam.internal.lora.apply;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.checkpoint.TensorReads;
import io.amalgam.kernel.Workspace;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Tensors held whole while parts of them are read in any order: those used last. */
final class DecodedTensors {
    /** More than are read at a time: experts of one layer follow each other. */
    static final int HELD = 6;

    private final Map<Key, Entry> entries = new LinkedHashMap<>(16, 0.75f, true);

    /** Sources are what they are, whatever they hold. */
    private static final class Key {
        private final TensorSource source;

        Key(TensorSource source) {
            this.source = source;
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Key key && key.source == source;
        }

        @Override
        public int hashCode() {
            return System.identityHashCode(source);
        }
    }

    private static final class Entry {
        private float @Nullable [] values;
    }

    /** A tensor's elements, decoded by the first that asks. */
    float[] get(TensorSource source, Workspace workspace) throws IOException {
        Entry entry;
        synchronized (this) {
            entry = entries.computeIfAbsent(new Key(source), unused -> new Entry());
            if (entries.size() > HELD) {
                entries.remove(entries.keySet().iterator().next());
            }
        }
        synchronized (entry) {
            float[] values = entry.values;
            if (values == null) {
                values = TensorReads.of(source, workspace);
                entry.values = values;
            }
            return values;
        }
    }
}
