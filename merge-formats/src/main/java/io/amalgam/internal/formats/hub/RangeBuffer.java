package io.amalgam.internal.formats.hub;

import io.amalgam.error.BadInputException;
import io.amalgam.internal.io.FileWrites;
import java.io.Closeable;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Pieces of remote files on disk, as many as fit: what was not read for the longest time makes
 * room. A piece is fetched by who reads it first, and the next ones of the same tensor with it; all
 * others who want it wait. For many threads; it starts none.
 */
final class RangeBuffer implements Closeable {
    /** The smallest buffer: all readers of a merge and what they read next. */
    static final long SMALLEST = 64L << 20;

    private static final int AHEAD = 3;
    private static final int MOST_AHEAD = 8;
    private static final int POLL_MILLIS = 100;

    private final HubClient client;
    private final Path folder;
    private final FileChannel channel;
    private final Map<Key, Slot> slots = new LinkedHashMap<>(16, 0.75f, true);
    private final Deque<Integer> free = new ArrayDeque<>();
    private int unused;
    private int flying;
    private long bytes;
    private int requests;

    private record Key(StreamedFile file, int piece) {}

    /** A place of the buffer with what is in it, or comes. */
    private static final class Slot {
        final int index;
        final RangeRequest request;
        final CompletableFuture<Void> filled;
        int readers;

        Slot(int index, RangeRequest request) {
            this.index = index;
            this.request = request;
            this.filled = new CompletableFuture<>();
        }
    }

    /**
     * @param folder where its file is, which has no name there any more where the system allows it
     * @param size in bytes, at least {@link #SMALLEST}
     */
    RangeBuffer(HubClient client, Path folder, long size) throws IOException {
        this.client = client;
        this.folder = folder;
        this.unused = (int) Math.min(Integer.MAX_VALUE, size / Pieces.LONGEST);
        this.channel =
                FileChannel.open(
                        folder.resolve("amalgam-ranges-" + UUID.randomUUID()),
                        StandardOpenOption.CREATE_NEW,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.DELETE_ON_CLOSE);
    }

    /** Bytes fetched so far. */
    synchronized long bytes() {
        return bytes;
    }

    /** Pieces fetched so far. */
    synchronized int requests() {
        return requests;
    }

    /**
     * Reads from a position on, at most to the end of its piece.
     *
     * @return how many bytes; -1 behind the data
     * @throws HubUnreachableException if it cannot be fetched, however often it is tried
     */
    int read(StreamedFile file, long at, ByteBuffer into) throws IOException {
        int piece = file.pieces().at(at);
        if (piece < 0) {
            return -1;
        }
        Key key = new Key(file, piece);
        Slot slot = filled(key);
        int limit = into.limit();
        int count = (int) Math.min(into.remaining(), file.pieces().end(piece) - at);
        try {
            into.limit(into.position() + count);
            long place = (long) slot.index * Pieces.LONGEST + at - file.pieces().start(piece);
            while (into.hasRemaining()) {
                place += channel.read(into, place);
            }
            return count;
        } finally {
            into.limit(limit);
            release(slot);
        }
    }

    /** The place of a piece that is there, held until it is released. */
    private Slot filled(Key key) throws IOException {
        for (int failures = 1; ; failures++) {
            Slot slot = taken(key);
            ahead(key);
            try {
                await(slot);
                return slot;
            } catch (RangeRequest.Again e) {
                release(slot);
                if (failures == HubClient.tries(e)) {
                    throw new HubUnreachableException(String.valueOf(e.getMessage()), e);
                }
                Duration pause = e.pause().orElse(HubAnswer.pause(failures));
                client.sleep(pause, String.valueOf(e.getMessage()));
            } catch (IOException | RuntimeException e) {
                release(slot);
                throw e;
            }
        }
    }

    private synchronized Slot taken(Key key) throws InterruptedIOException {
        while (true) {
            Slot slot = slots.get(key);
            if (slot == null && isRoom()) {
                slot = begin(key);
            }
            if (slot != null) {
                slot.readers++;
                return slot;
            }
            try {
                wait(POLL_MILLIS);
            } catch (InterruptedException e) {
                throw HubClient.interrupted();
            }
        }
    }

    private synchronized void release(Slot slot) {
        slot.readers--;
        notifyAll();
    }

    /** Begins the next pieces of the same tensor, where there is room. */
    private synchronized void ahead(Key key) {
        int piece = key.piece;
        for (int i = 0; i < AHEAD && key.file.pieces().goesOn(piece); i++) {
            piece++;
            Key next = new Key(key.file, piece);
            if (!slots.containsKey(next) && flying < MOST_AHEAD && isRoom()) {
                begin(next);
            }
        }
    }

    /** Whether a place is free, perhaps after one is made so. */
    private boolean isRoom() {
        if (!free.isEmpty() || unused > 0) {
            return true;
        }
        Iterator<Slot> oldest = slots.values().iterator();
        while (oldest.hasNext()) {
            Slot slot = oldest.next();
            if (slot.readers == 0 && slot.filled.isDone()) {
                oldest.remove();
                free.add(slot.index);
                return true;
            }
        }
        return false;
    }

    private Slot begin(Key key) {
        int index = free.isEmpty() ? --unused : free.remove();
        long place = (long) index * Pieces.LONGEST;
        Slot slot = new Slot(index, new RangeRequest(client, key.file, key.piece, channel, place));
        slots.put(key, slot);
        flying++;
        requests++;
        var unusedFuture =
                slot.request.begin().whenComplete((nothing, failure) -> end(key, slot, failure));
        return slot;
    }

    private void end(Key key, Slot slot, @Nullable Throwable failure) {
        synchronized (this) {
            flying--;
            if (failure == null) {
                bytes += slot.request.bytes();
            } else {
                slots.remove(key);
                free.add(slot.index);
            }
            notifyAll();
        }
        if (failure == null) {
            slot.filled.complete(null);
        } else {
            slot.filled.completeExceptionally(failure);
        }
    }

    private void await(Slot slot) throws IOException {
        while (true) {
            try {
                slot.filled.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
                return;
            } catch (TimeoutException e) {
                slot.request.endIfSilent(System.nanoTime());
            } catch (InterruptedException e) {
                throw HubClient.interrupted();
            } catch (ExecutionException e) {
                Throwable cause = e.getCause();
                if (cause instanceof RangeRequest.Again again) {
                    throw new RangeRequest.Again(
                            String.valueOf(again.getMessage()), again.pause(), again);
                }
                if (cause instanceof BadInputException bad) {
                    throw bad;
                }
                if (cause instanceof BodyWriter.StorageException storage) {
                    throw FileWrites.named(folder, storage);
                }
                throw new IOException(cause == null ? e.toString() : cause.getMessage(), cause);
            }
        }
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
