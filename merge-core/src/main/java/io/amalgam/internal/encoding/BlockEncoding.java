package io.amalgam.internal.encoding;

import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import java.nio.ByteBuffer;

/** Blocks that hold their own scale. */
abstract sealed class BlockEncoding implements TensorEncoding
        permits Q8Blocks, NibbleBlocks, ReadBlocks {
    private final DType type;

    BlockEncoding(DType type) {
        this.type = type;
    }

    /**
     * Decodes one block.
     *
     * @return whether its scales are finite, and so its values
     */
    abstract boolean decodeBlock(ByteBuffer bytes, int offset, float[] dst, int at);

    /** Rounds one block. */
    abstract void encodeBlock(float[] src, int from, ByteBuffer bytes, int offset);

    @Override
    public final boolean decode(
            ByteBuffer bytes, int count, float[] dst, int at, Workspace workspace) {
        int elements = type.blockElements();
        boolean finite = true;
        for (int i = 0, offset = 0; i < count; i += elements, offset += type.blockBytes()) {
            finite &= decodeBlock(bytes, offset, dst, at + i);
        }
        return finite;
    }

    @Override
    public final boolean encode(float[] src, int count, ByteBuffer bytes, Workspace workspace) {
        requireBlocks(count);
        for (int i = 0, offset = 0;
                i < count;
                i += type.blockElements(), offset += type.blockBytes()) {
            encodeBlock(src, i, bytes, offset);
        }
        return false;
    }

    @Override
    public final boolean round(float[] values, int count, Workspace workspace) {
        requireBlocks(count);
        ByteBuffer bytes = workspace.bytes(type.blockBytes());
        boolean finite = true;
        for (int i = 0; i < count; i += type.blockElements()) {
            encodeBlock(values, i, bytes, 0);
            finite &= decodeBlock(bytes, 0, values, i);
        }
        return finite;
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
