package io.amalgam.checkpoint;

import io.amalgam.internal.encoding.TensorEncoding;
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
        int width = type.blockBytes();
        ByteBuffer bytes = workspace.bytes(count * width);
        region.readFully(from * width, bytes);
        return TensorEncoding.of(type).decode(bytes.flip(), count, dst, at, workspace);
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
