package io.amalgam.kernel;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.IdentityHashMap;
import java.util.function.Function;

/**
 * A worker's reusable buffers to read and write blocks, so that the hot path allocates nothing. Not
 * thread-safe: each worker has its own.
 */
public final class Workspace {
    /** Room for a block of any type, however small the capacity. */
    private static final int LARGEST_BLOCK = 512;

    private final Kernels kernels;
    private final int capacity;
    private final ByteBuffer bytes;
    private final short[] shorts;
    private final IdentityHashMap<Object, Object> kept = new IdentityHashMap<>();

    /**
     * @param capacity the largest number of elements converted at once
     */
    public Workspace(Kernels kernels, int capacity) {
        this.kernels = kernels;
        this.capacity = capacity;
        this.bytes =
                ByteBuffer.allocateDirect(Math.max(capacity * Long.BYTES, LARGEST_BLOCK))
                        .order(ByteOrder.LITTLE_ENDIAN);
        this.shorts = new short[capacity];
    }

    /** The operations on blocks to use. */
    public Kernels kernels() {
        return kernels;
    }

    /** Elements that fit the buffers. */
    public int capacity() {
        return capacity;
    }

    /** The little-endian direct buffer, cleared and limited to {@code length} bytes. */
    public ByteBuffer bytes(int length) {
        return bytes.clear().limit(length);
    }

    /** Raw 16-bit values, {@link #capacity()} of them. */
    public short[] shorts() {
        return shorts;
    }

    /**
     * Data kept between blocks by a tensor that is computed during reading: created on first use,
     * one per owner, by identity.
     */
    public <T> T kept(Object owner, Class<T> type, Function<Workspace, T> made) {
        return type.cast(kept.computeIfAbsent(owner, unused -> made.apply(this)));
    }

    /** Memory held, in bytes, for {@code capacity} elements. */
    public static long bytesHeld(int capacity) {
        return (long) capacity * (Long.BYTES + Short.BYTES);
    }
}
