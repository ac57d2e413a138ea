package io.amalgam;

import io.amalgam.kernel.Kernels;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The bytes of ND4J's arrays: row-major and little-endian, as files hold them. */
final class ArrayBytes {
    private static final int PIECE = 1 << 20;

    private ArrayBytes() {}

    /** Takes or gives a piece of an array's bytes. */
    interface Piece {
        /**
         * @param at where in the array the piece begins
         */
        void at(long at, ByteBuffer piece) throws IOException;
    }

    /** All bytes of a row-major array from its first element on, in order. */
    static void each(INDArray array, long bytes, Piece use) throws IOException {
        try (BytePointer pointer = new BytePointer(array.data().addressPointer())) {
            for (long at = 0; at < bytes; at += PIECE) {
                ByteBuffer piece =
                        pointer.position(at)
                                .limit(Math.min(at + PIECE, bytes))
                                .asByteBuffer()
                                .order(ByteOrder.LITTLE_ENDIAN);
                use.at(at, piece);
            }
        }
    }

    /**
     * An array of computed values, rounded once to a type as a merge of files rounds them; F8
     * becomes FLOAT, not rounded.
     */
    static INDArray rounded(float[] values, TensorInfo info, Kernels kernels) throws IOException {
        DataType type = ArrayTypes.of(info);
        if (values.length == 0) {
            return Nd4j.empty(type);
        }
        boolean half = info.dtype() == DType.BF16 || info.dtype() == DType.F16;
        if (!half) {
            return ArrayTypes.array(values, info.shape().dims()).castTo(type);
        }
        short[] raw = new short[values.length];
        if (info.dtype() == DType.BF16) {
            kernels.floatToBf16(values, raw, raw.length);
        } else {
            kernels.floatToF16(values, raw, raw.length);
        }
        INDArray array = Nd4j.createUninitialized(type, info.shape().dims(), 'c');
        each(
                array,
                info.bytes(),
                (at, piece) ->
                        piece.asShortBuffer().put(raw, (int) (at / 2), piece.remaining() / 2));
        return array;
    }
}
