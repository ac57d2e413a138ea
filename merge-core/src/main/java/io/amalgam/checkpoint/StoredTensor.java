package io.amalgam.checkpoint;

import io.amalgam.internal.tensor.Float8;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * A tensor as it lies in a file: row-major, little-endian, without gaps.
 *
 * @param model what the user calls the checkpoint it is in
 */
public record StoredTensor(String model, TensorInfo info, FileRegion region)
        implements TensorSource {
    public StoredTensor {
        if (info.bytes() != region.length()) {
            throw new IllegalArgumentException(
                    info + " takes " + info.bytes() + " bytes, not " + region.length());
        }
    }

    @Override
    public boolean read(long from, int count, float[] dst, int at, Workspace workspace)
            throws IOException {
        DType type = info.dtype();
        if (!type.arithmetic()) {
            throw new IllegalStateException("no arithmetic on " + info);
        }
        int width = type.bits() / 8;
        ByteBuffer bytes = workspace.bytes(count * width);
        region.readFully(from * width, bytes);
        bytes.flip();
        switch (type) {
            case BF16 -> {
                bytes.asShortBuffer().get(workspace.shorts(), 0, count);
                return workspace.kernels().bf16ToFloat(workspace.shorts(), dst, at, count);
            }
            case F16 -> {
                bytes.asShortBuffer().get(workspace.shorts(), 0, count);
                return workspace.kernels().f16ToFloat(workspace.shorts(), dst, at, count);
            }
            case F32 -> bytes.asFloatBuffer().get(dst, at, count);
            case F64 -> {
                for (int i = 0; i < count; i++) {
                    dst[at + i] = (float) bytes.getDouble(i * Double.BYTES);
                }
            }
            case F8_E4M3 -> {
                for (int i = 0; i < count; i++) {
                    dst[at + i] = Float8.e4m3ToFloat(bytes.get(i));
                }
            }
            case F8_E5M2 -> {
                for (int i = 0; i < count; i++) {
                    dst[at + i] = Float8.e5m2ToFloat(bytes.get(i));
                }
            }
            default -> throw new IllegalStateException("no decoder for " + type);
        }
        return false;
    }

    @Override
    public Optional<StoredTensor> stored() {
        return Optional.of(this);
    }

    @Override
    public long storedBytes() {
        return info.bytes();
    }

    @Override
    public String identity() {
        return model + ":" + info.name();
    }
}
