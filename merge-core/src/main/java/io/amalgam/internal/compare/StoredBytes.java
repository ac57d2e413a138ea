package io.amalgam.internal.compare;

import io.amalgam.checkpoint.StoredTensor;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Tensors compared as they are stored: integers, and float64, which merges round to float32. */
final class StoredBytes {
    private static final int PIECE = 1 << 16;

    private StoredBytes() {}

    /** How many elements differ, of two tensors of one type and shape. */
    static long differing(StoredTensor a, StoredTensor b) throws IOException {
        int size = Math.max(1, a.info().dtype().blockBytes());
        ByteBuffer one = ByteBuffer.allocate(PIECE);
        ByteBuffer two = ByteBuffer.allocate(PIECE);
        long differing = 0;
        for (long at = 0; at < a.region().length(); at += PIECE) {
            int n = (int) Math.min(PIECE, a.region().length() - at);
            a.region().readFully(at, one.clear().limit(n));
            b.region().readFully(at, two.clear().limit(n));
            one.flip();
            two.flip();
            if (one.equals(two)) {
                continue;
            }
            for (int i = 0; i < n; i += size) {
                int end = Math.min(n, i + size);
                boolean same = one.slice(i, end - i).equals(two.slice(i, end - i));
                differing += same ? 0 : 1;
            }
        }
        return differing;
    }
}
