package io.amalgam.internal.checkpoint;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Tensors one behind the other as a single one: experts that are stored one by one, rows of a gate
 * before those of what it gates.
 */
public final class StackedTensor implements TensorSource {
    private final TensorInfo info;
    private final List<TensorSource> parts;
    private final long[] starts;
    private final String description;

    /**
     * Parts that are called by what they are.
     *
     * @param parts in their order, not empty
     */
    public StackedTensor(TensorInfo info, List<TensorSource> parts) {
        this(
                info,
                parts,
                parts.stream()
                        .map(TensorSource::identity)
                        .collect(Collectors.joining(", ", "[", "]")));
    }

    /**
     * @param parts in their order, not empty
     * @param description as {@link #identity()} gives it
     */
    public StackedTensor(TensorInfo info, List<TensorSource> parts, String description) {
        this.info = info;
        this.parts = List.copyOf(parts);
        this.description = description;
        this.starts = new long[parts.size() + 1];
        for (int i = 0; i < parts.size(); i++) {
            starts[i + 1] = starts[i] + parts.get(i).info().elements();
        }
        if (starts[parts.size()] != info.elements()) {
            throw new IllegalArgumentException(
                    info + " is not made of " + starts[parts.size()] + " elements");
        }
    }

    @Override
    public TensorInfo info() {
        return info;
    }

    @Override
    public boolean read(long from, int count, float[] dst, int at, Workspace workspace)
            throws IOException {
        boolean finite = true;
        int part = partOf(from);
        for (int done = 0; done < count; part++) {
            long start = from + done - starts[part];
            int n = (int) Math.min(count - done, starts[part + 1] - starts[part] - start);
            if (n > 0) {
                finite &= parts.get(part).read(start, n, dst, at + done, workspace);
                done += n;
            }
        }
        return finite;
    }

    /** The last part that begins at or before an element. */
    private int partOf(long element) {
        int low = 0;
        int high = parts.size() - 1;
        while (low < high) {
            int middle = (low + high + 1) >>> 1;
            if (starts[middle] <= element) {
                low = middle;
            } else {
                high = middle - 1;
            }
        }
        return low;
    }

    @Override
    public long storedBytes() {
        return parts.stream().mapToLong(TensorSource::storedBytes).sum();
    }

    @Override
    public String identity() {
        return description;
    }
}
