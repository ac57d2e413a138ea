package io.amalgam.internal.encoding;

import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import java.nio.ByteBuffer;

/**
 * Between the bytes of a tensor and float32. Counts are whole blocks of the type ({@link
 * DType#blockElements()}); bytes begin at the first byte of a little-endian buffer. Scales of a
 * block type are inside its blocks.
 *
 * <p>{@link #of} is the only place that goes from types to encodings, and names every type, so that
 * the compiler asks for the encoding of a new one.
 */
public sealed interface TensorEncoding
        permits BFloat16Encoding,
                HalfEncoding,
                Float32Encoding,
                Float64Encoding,
                Float8Encoding,
                BlockEncoding,
                NoNumbers {
    /**
     * Bytes that a reader or writer of so many elements at a time holds beside its workspace's
     * buffers, once for all tensors of such types.
     */
    static long bytesHeld(DType type, int elements) {
        return type.blockElements() == 1 ? 0 : BlockEncoding.roomFor(elements);
    }

    /** The encoding of a type. */
    static TensorEncoding of(DType type) {
        return switch (type) {
            case BF16 -> BFloat16Encoding.INSTANCE;
            case F16 -> HalfEncoding.INSTANCE;
            case F32 -> Float32Encoding.INSTANCE;
            case F64 -> Float64Encoding.INSTANCE;
            case F8_E4M3 -> Float8Encoding.E4M3;
            case F8_E5M2 -> Float8Encoding.E5M2;
            case Q8_0 -> Q8Blocks.INSTANCE;
            case Q4_0 -> NibbleBlocks.Q4_0;
            case Q4_1 -> NibbleBlocks.Q4_1;
            case Q5_0 -> NibbleBlocks.Q5_0;
            case Q5_1 -> NibbleBlocks.Q5_1;
            case Q2_K -> Q2KBlocks.INSTANCE;
            case Q3_K -> Q3KBlocks.INSTANCE;
            case Q4_K -> Q4KBlocks.Q4_K;
            case Q5_K -> Q4KBlocks.Q5_K;
            case Q6_K -> Q6KBlocks.INSTANCE;
            case IQ4_NL -> TableBlocks.IQ4_NL;
            case IQ4_XS -> Iq4XsBlocks.INSTANCE;
            case TQ1_0 -> Tq1Blocks.INSTANCE;
            case TQ2_0 -> Tq2Blocks.INSTANCE;
            case MXFP4 -> TableBlocks.MXFP4;
            case BOOL,
                    U8,
                    I8,
                    U16,
                    I16,
                    U32,
                    I32,
                    U64,
                    I64,
                    F4,
                    F6_E2M3,
                    F6_E3M2,
                    F8_E8M0,
                    F8_E4M3FNUZ,
                    F8_E5M2FNUZ,
                    C64,
                    Q8_1,
                    Q8_K,
                    IQ1_S,
                    IQ1_M,
                    IQ2_XXS,
                    IQ2_XS,
                    IQ2_S,
                    IQ3_XXS,
                    IQ3_S,
                    Q1_0,
                    Q2_0,
                    NVFP4 ->
                    NoNumbers.INSTANCE;
        };
    }

    /**
     * Decodes {@code count} elements into {@code dst} from index {@code at} on. Float64 is rounded
     * once; all others are exact.
     *
     * @return whether all values are known to be finite; false says nothing
     */
    boolean decode(ByteBuffer bytes, int count, float[] dst, int at, Workspace workspace);

    /** Whether values can be rounded to this type; if not, it is only read. */
    default boolean writes() {
        return true;
    }

    /**
     * Rounds the first {@code count} values once, to the nearest, ties to even.
     *
     * @return whether all results are known to be finite; false means that they must be looked at
     */
    boolean encode(float[] src, int count, ByteBuffer bytes, Workspace workspace);

    /** The largest float32 that does not round to infinity or NaN. */
    float largest();

    /**
     * Gives the first {@code count} values what they would be after {@link #encode} and {@link
     * #decode}.
     *
     * @return whether all results are known to be finite
     */
    boolean round(float[] values, int count, Workspace workspace);
}
