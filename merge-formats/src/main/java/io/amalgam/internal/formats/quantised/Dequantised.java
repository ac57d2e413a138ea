package io.amalgam.internal.formats.quantised;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.tensor.TensorInfo;
import java.util.ArrayList;
import java.util.List;

/** What dense tensors made of codes and scales have in common. */
abstract class Dequantised implements TensorSource {
    private final TensorInfo info;
    private final List<StoredTensor> parts;

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

    @Override
    public final long storedBytes() {
        return parts.stream().mapToLong(TensorSource::storedBytes).sum();
    }

    @Override
    public final String identity() {
        return parts.get(0).identity() + ", dequantised";
    }
}
