package io.amalgam.internal.formats.quantised;

import java.io.IOException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Bytes of tensors that are stored the other way round: what a tile needs lies in many short runs,
 * which are read for many tiles at a time. The last few slabs are kept, for all readers of a model;
 * those who need the same one read it together, a share each. Safe for use by several threads.
 */
final class Slabs {
    /** Bytes of codes in a slab, more where a tile has more. */
    static final int BYTES = 1 << 22;

    /** Codes, zeros and scales of two slabs: readers are at most a few tiles apart. */
    private static final int KEPT = 6;

    private static final int SHARES = 16;

    private record Key(String tensor, long number) {}

    private final Map<Key, Slab> kept = new LinkedHashMap<>(KEPT, 0.75f, true);

    /** Reads some of the rows of a slab. */
    interface Loader {
        void load(int from, int to, byte[] bytes) throws IOException;
    }

    /** Bytes that are not used for anything else until they are released. */
    static final class Slab {
        private final byte[] bytes;
        private final int rows;
        private final AtomicInteger begun = new AtomicInteger();
        private final CountDownLatch missing = new CountDownLatch(SHARES);
        private volatile @Nullable Throwable failure;
        private int users;

        private Slab(byte[] bytes, int rows) {
            this.bytes = bytes;
            this.rows = rows;
        }

        byte[] bytes() {
            return bytes;
        }

        private void fill(Loader loader) throws IOException {
            for (int share = begun.getAndIncrement();
                    share < SHARES;
                    share = begun.getAndIncrement()) {
                try {
                    loader.load(row(share), row(share + 1), bytes);
                } catch (IOException | RuntimeException | Error e) {
                    failure = e;
                } finally {
                    missing.countDown();
                }
            }
            try {
                missing.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
            Throwable thrown = failure;
            if (thrown instanceof RuntimeException e) {
                throw e;
            }
            if (thrown instanceof Error e) {
                throw e;
            }
            if (thrown instanceof IOException e) {
                throw e;
            }
        }

        private int row(int share) {
            return (int) ((long) rows * share / SHARES);
        }
    }

    /**
     * A slab of a tensor, to be released.
     *
     * @param rows that it has
     * @param size in bytes, at least
     */
    Slab get(String tensor, long number, int rows, int size, Loader loader) throws IOException {
        Key key = new Key(tensor, number);
        Slab slab;
        synchronized (this) {
            slab = kept.get(key);
            if (slab == null || slab.failure != null) {
                kept.remove(key);
                byte[] free = kept.size() < KEPT ? null : evicted(size);
                slab = new Slab(free == null ? new byte[size] : free, rows);
                kept.put(key, slab);
            }
            slab.users++;
        }
        try {
            slab.fill(loader);
        } catch (IOException | RuntimeException | Error e) {
            release(slab);
            throw e;
        }
        return slab;
    }

    /** Makes room; the bytes of what was there, if they are as many and nobody reads them. */
    private byte @Nullable [] evicted(int size) {
        for (Map.Entry<Key, Slab> entry : kept.entrySet()) {
            Slab slab = entry.getValue();
            if (slab.users == 0 && slab.bytes.length == size) {
                kept.remove(entry.getKey());
                return slab.bytes;
            }
        }
        Iterator<Key> eldest = kept.keySet().iterator();
        eldest.next();
        eldest.remove();
        return null;
    }

    synchronized void release(Slab slab) {
        slab.users--;
    }
}
