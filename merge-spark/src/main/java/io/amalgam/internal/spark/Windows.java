package io.amalgam.internal.spark;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/**
 * The pieces of stored files that were read last: a merge asks for small blocks, a store answers
 * large ranges best. Of two threads that need a piece, one fetches it.
 */
final class Windows {
    /** Of one request. */
    static final int BYTES = 4 << 20;

    /** What is held, 128 MiB. */
    private static final int MOST = 32;

    private static final Windows OF_THIS_PROCESS = new Windows();

    private record Key(StoredFile file, long number) {}

    private final Map<Key, FutureTask<byte[]>> pieces =
            new LinkedHashMap<>(MOST, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<Key, FutureTask<byte[]>> eldest) {
                    return size() > MOST;
                }
            };

    static Windows shared() {
        return OF_THIS_PROCESS;
    }

    /** The piece of a file with a number; the last one is shorter. */
    byte[] piece(StoredFile file, long number) throws IOException {
        Key key = new Key(file, number);
        long at = number * BYTES;
        int length = (int) Math.min(BYTES, file.size() - at);
        FutureTask<byte[]> ours = new FutureTask<>(() -> file.read(at, length));
        FutureTask<byte[]> task;
        synchronized (pieces) {
            task = pieces.computeIfAbsent(key, k -> ours);
        }
        task.run();
        try {
            return task.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new java.io.InterruptedIOException("interrupted");
        } catch (ExecutionException e) {
            synchronized (pieces) {
                pieces.remove(key, task);
            }
            throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
        }
    }
}
