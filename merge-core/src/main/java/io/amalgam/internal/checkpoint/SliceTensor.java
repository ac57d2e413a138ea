package io.amalgam.internal.checkpoint;

import io.amalgam.checkpoint.FileRegion;
import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.Optional;

/**
 * A range of elements of another tensor as a tensor: some rows, one of several experts.
 *
 * @param from its first element
 */
public record SliceTensor(TensorSource source, TensorInfo info, long from) implements TensorSource {
    public SliceTensor {
        if (from < 0 || from + info.elements() > source.info().elements()) {
            throw new IllegalArgumentException(info + " is not inside of " + source.info());
        }
    }

    @Override
    public boolean read(long start, int count, float[] dst, int at, Workspace workspace)
            throws IOException {
        return source.read(from + start, count, dst, at, workspace);
    }

    @Override
    public Optional<StoredTensor> stored() {
        return source.stored().filter(s -> isWholeBlocks()).map(this::part);
    }

    private boolean isWholeBlocks() {
        int block = info.dtype().blockElements();
        return from % block == 0 && info.elements() % block == 0;
    }

    private StoredTensor part(StoredTensor all) {
        FileRegion region = all.region();
        return new StoredTensor(
                all.model(),
                info,
                new FileRegion(
                        region.channel(),
                        region.file(),
                        region.offset() + info.dtype().bytesFor(from),
                        info.bytes()));
    }

    @Override
    public long storedBytes() {
        long all = source.info().elements();
        return all == 0 ? 0 : Math.round((double) source.storedBytes() * info.elements() / all);
    }

    @Override
    public String identity() {
        return source.identity() + " from element " + from;
    }
}
