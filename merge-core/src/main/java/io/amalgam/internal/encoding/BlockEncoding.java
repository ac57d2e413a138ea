package io.amalgam.internal.encoding;

import io.amalgam.internal.tensor.Half;
import io.amalgam.kernel.Kernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Blocks that hold their own scale. */
abstract sealed class BlockEncoding implements TensorEncoding
        permits Q8Blocks, NibbleBlocks, ReadBlocks {
    private static final VarHandle SHORTS =
            MethodHandles.byteArrayViewVarHandle(short[].class, ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle INTS =
            MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int LARGEST_BLOCK = 512;

    /** Bytes of an element in the largest type, with its share of the scale. */
    private static final int MOST_BYTES = 2;

    private final DType type;

    BlockEncoding(DType type) {
        this.type = type;
    }

    /**
     * Decodes one block.
     *
     * @return whether its scales are finite, and so its values
     */
    abstract boolean decodeBlock(byte[] bytes, int offset, float[] dst, int at, Kernels kernels);

    /** Rounds one block. */
    abstract void encodeBlock(float[] src, int from, byte[] bytes, int offset);

    @Override
    public final boolean decode(
            ByteBuffer bytes, int count, float[] dst, int at, Workspace workspace) {
        int elements = type.blockElements();
        byte[] blocks = room(workspace);
        bytes.get(0, blocks, 0, count / elements * type.blockBytes());
        boolean finite = true;
        for (int i = 0, offset = 0; i < count; i += elements, offset += type.blockBytes()) {
            finite &= decodeBlock(blocks, offset, dst, at + i, workspace.kernels());
        }
        return finite;
    }

    @Override
    public final boolean encode(float[] src, int count, ByteBuffer bytes, Workspace workspace) {
        requireBlocks(count);
        byte[] blocks = room(workspace);
        int offset = 0;
        for (int i = 0; i < count; i += type.blockElements()) {
            encodeBlock(src, i, blocks, offset);
            offset += type.blockBytes();
        }
        bytes.put(0, blocks, 0, offset);
        return false;
    }

    @Override
    public final boolean round(float[] values, int count, Workspace workspace) {
        requireBlocks(count);
        byte[] block = room(workspace);
        boolean finite = true;
        for (int i = 0; i < count; i += type.blockElements()) {
            encodeBlock(values, i, block, 0);
            finite &= decodeBlock(block, 0, values, i, workspace.kernels());
        }
        return finite;
    }

    /** Arrays are read faster than buffers. */
    private static byte[] room(Workspace workspace) {
        return workspace.kept(
                BlockEncoding.class, byte[].class, w -> new byte[roomFor(w.capacity())]);
    }

    /** Bytes of that array where so many elements are read at a time. */
    static int roomFor(int elements) {
        return Math.max(LARGEST_BLOCK, elements * MOST_BYTES);
    }

    /** A little-endian float16. */
    static float half(byte[] bytes, int at) {
        return Half.toFloat(shortAt(bytes, at));
    }

    static short shortAt(byte[] bytes, int at) {
        return (short) SHORTS.get(bytes, at);
    }

    static int intAt(byte[] bytes, int at) {
        return (int) INTS.get(bytes, at);
    }

    static void putShort(byte[] bytes, int at, short value) {
        SHORTS.set(bytes, at, value);
    }

    static void putInt(byte[] bytes, int at, int value) {
        INTS.set(bytes, at, value);
    }

    /**
     * Towards zero; 0 where a block is so small that the inverse of its scale is infinite, and with
     * it the value.
     */
    static int truncated(double value) {
        return Math.abs(value) <= Integer.MAX_VALUE ? (int) value : 0;
    }

    private void requireBlocks(int count) {
        if (count % type.blockElements() != 0) {
            throw new IllegalArgumentException(count + " elements of " + type);
        }
    }
}
