package io.amalgam.formats.safetensors;

import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A tensor in memory, to be written.
 *
 * @param data from its position to its limit: row-major, little-endian; not copied
 */
public record NamedTensor(TensorInfo info, ByteBuffer data) {
    /**
     * @throws IllegalArgumentException if {@code data} does not have exactly {@link
     *     TensorInfo#bytes()} bytes
     */
    public NamedTensor {
        if (data.remaining() != info.bytes()) {
            throw new IllegalArgumentException(
                    info + " takes " + info.bytes() + " bytes, not " + data.remaining());
        }
        data = data.asReadOnlyBuffer();
    }

    /** A float32 tensor of these values, row-major. */
    public static NamedTensor ofFloats(String name, Shape shape, float... values) {
        ByteBuffer data =
                ByteBuffer.allocate(Math.multiplyExact(values.length, Float.BYTES))
                        .order(ByteOrder.LITTLE_ENDIAN);
        data.asFloatBuffer().put(values);
        return new NamedTensor(new TensorInfo(name, DType.F32, shape), data);
    }

    /** A tensor of any type. */
    public static NamedTensor ofBytes(String name, DType dtype, Shape shape, byte... data) {
        return new NamedTensor(new TensorInfo(name, dtype, shape), ByteBuffer.wrap(data));
    }
}
