package io.amalgam.checkpoint;

import io.amalgam.internal.encoding.TensorEncoding;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * A tensor stored in a file: row-major, little-endian, contiguous.
 *
 * @param model the user's name for its checkpoint
 */
public record StoredTensor(String model, TensorInfo info, FileRegion region)
        implements TensorSource {
    /** Elements of the largest block there is. */
    private static final int LARGEST_BLOCK = 256;

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
        return type.blockElements() == 1
                ? decode(from, count, dst, at, workspace)
                : readBlocks(from, count, dst, at, workspace);
    }

    /** Reads any run of elements: parts of its first and last block through a spare array. */
    private boolean readBlocks(long from, int count, float[] dst, int at, Workspace workspace)
            throws IOException {
        int block = info.dtype().blockElements();
        int most = Math.max(block, workspace.capacity() / block * block);
        boolean finite = true;
        for (int done = 0; done < count; ) {
            int skipped = (int) ((from + done) % block);
            int left = count - done;
            int n;
            if (skipped == 0 && left >= block) {
                n = Math.min(most, left / block * block);
                finite &= decode(from + done, n, dst, at + done, workspace);
            } else {
                n = Math.min(block - skipped, left);
                float[] spare =
                        workspace.kept(
                                StoredTensor.class, float[].class, w -> new float[LARGEST_BLOCK]);
                finite &= decode(from + done - skipped, block, spare, 0, workspace);
                System.arraycopy(spare, skipped, dst, at + done, n);
            }
            done += n;
        }
        return finite;
    }

    private boolean decode(long from, int count, float[] dst, int at, Workspace workspace)
            throws IOException {
        DType type = info.dtype();
        ByteBuffer bytes = workspace.bytes((int) type.bytesFor(count));
        region.readFully(type.bytesFor(from), bytes);
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
