package io.amalgam.internal.checkpoint;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.internal.encoding.Quantiser;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.TensorInfo;
import java.util.List;

/**
 * A quantised tensor whose codes and scales are those of an input: bytes are copied, and nothing is
 * decoded.
 *
 * @param stored the output's tensors
 * @param sources for each the input's, of the same type and shape
 */
public record CopiedCodes(List<TensorInfo> stored, List<StoredTensor> sources)
        implements Quantiser {
    public CopiedCodes {
        stored = List.copyOf(stored);
        sources = List.copyOf(sources);
        if (stored.size() != sources.size()) {
            throw new IllegalArgumentException("one source for each tensor");
        }
    }

    @Override
    public String name() {
        return "copied codes";
    }

    @Override
    public int step() {
        return 1;
    }

    @Override
    public void encode(
            float[] values,
            int at,
            int count,
            long from,
            float largest,
            Target target,
            Workspace workspace) {
        throw new IllegalStateException("the bytes are copied");
    }
}
