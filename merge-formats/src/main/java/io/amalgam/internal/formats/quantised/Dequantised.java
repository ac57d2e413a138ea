package io.amalgam.internal.formats.quantised;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What dense tensors made of codes and scales have in common. */
abstract class Dequantised implements TensorSource {
    private final TensorInfo info;
    private final List<StoredTensor> parts;
    private List<StoredTensor> all = List.of();
    private List<StoredTensor> besides = List.of();

    /**
     * @param codes the tensor of codes
     * @param others what belongs to it
     */
    Dequantised(TensorInfo info, StoredTensor codes, List<StoredTensor> others) {
        this.info = info;
        this.parts = new ArrayList<>();
        parts.add(codes);
        parts.addAll(others);
    }

    @Override
    public final TensorInfo info() {
        return info;
    }

    /**
     * Says which tensors of the file it is stored as.
     *
     * @param tensors codes first
     * @param activations what else is there of its module
     */
    final void storedAs(List<StoredTensor> tensors, List<StoredTensor> activations) {
        all = List.copyOf(tensors);
        besides = List.copyOf(activations);
    }

    @Override
    public final Optional<Codes> codes() {
        return Optional.of(new Codes(info.name(), all, besides, blockRows(), blockColumns()));
    }

    /** Rows that share a scale, where blocks of several do. */
    long blockRows() {
        return 0;
    }

    /** Columns of such blocks. */
    long blockColumns() {
        return 0;
    }

    @Override
    public final long storedBytes() {
        return parts.stream().mapToLong(TensorSource::storedBytes).sum();
    }

    @Override
    public final String identity() {
        return parts.get(0).identity() + ", dequantised";
    }
}
