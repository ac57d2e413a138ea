package io.amalgam.internal.encoding;

import io.amalgam.tensor.DType;

/** Blocks whose rounding is a search that only ggml makes: read, never written. */
abstract sealed class ReadBlocks extends BlockEncoding
        permits Q2KBlocks,
                Q3KBlocks,
                Q4KBlocks,
                Q6KBlocks,
                TableBlocks,
                Iq4XsBlocks,
                Tq1Blocks,
                Tq2Blocks {
    ReadBlocks(DType type) {
        super(type);
    }

    @Override
    public final boolean writes() {
        return false;
    }

    @Override
    final void encodeBlock(float[] src, int from, byte[] bytes, int offset) {
        throw readOnly();
    }

    @Override
    public final float largest() {
        throw readOnly();
    }

    private static IllegalStateException readOnly() {
        return new IllegalStateException("no rounding to this type");
    }

    static boolean isFinite(float value) {
        return Math.abs(value) <= Float.MAX_VALUE;
    }
}
