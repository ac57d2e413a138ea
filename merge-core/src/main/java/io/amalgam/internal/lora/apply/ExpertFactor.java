package io.amalgam.internal.lora.apply;

import io.amalgam.checkpoint.TensorSource;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.io.IOException;

/**
 * One expert's B out of that of all experts, {@code out x (rank * experts)}: column {@code k *
 * experts + e} is column {@code k} of expert {@code e}'s. A's rows lie one expert behind the other,
 * so that a slice will do for them.
 */
final class ExpertFactor implements TensorSource {
    private final TensorSource all;
    private final DecodedTensors decoded;
    private final int experts;
    private final int expert;
    private final long firstRow;
    private final TensorInfo info;

    /**
     * @param firstRow the first of the rows that are wanted
     */
    ExpertFactor(
            TensorSource all,
            DecodedTensors decoded,
            int experts,
            int expert,
            long firstRow,
            long rows) {
        this.all = all;
        this.decoded = decoded;
        this.experts = experts;
        this.expert = expert;
        this.firstRow = firstRow;
        TensorInfo whole = all.info();
        long rank = whole.shape().dim(1) / experts;
        this.info = new TensorInfo(whole.name(), whole.dtype(), Shape.of(rows, rank));
    }

    @Override
    public TensorInfo info() {
        return info;
    }

    @Override
    public boolean read(long from, int count, float[] dst, int at, Workspace workspace)
            throws IOException {
        float[] values = decoded.get(all, workspace);
        int rank = (int) info.shape().dim(1);
        for (int i = 0; i < count; i++) {
            long row = firstRow + (from + i) / rank;
            int column = (int) ((from + i) % rank);
            dst[at + i] = values[Math.toIntExact((row * rank + column) * experts + expert)];
        }
        return false;
    }

    @Override
    public long storedBytes() {
        return all.storedBytes() / experts;
    }

    @Override
    public String identity() {
        return all.identity() + " of expert " + expert + " from row " + firstRow;
    }
}
