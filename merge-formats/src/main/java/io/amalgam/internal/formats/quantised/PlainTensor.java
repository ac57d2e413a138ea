package io.amalgam.internal.formats.quantised;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.kernel.Workspace;
import java.io.IOException;
import java.util.List;

/** 8-bit floats without a scale: values of a model that computes in a wider type. */
final class PlainTensor extends Dequantised {
    private final StoredTensor stored;

    PlainTensor(StoredTensor stored, QuantisedTensors tensors) {
        super(tensors.dense(stored.info().name(), stored.info().shape().dims()), stored, List.of());
        this.stored = stored;
    }

    @Override
    public boolean read(long from, int count, float[] dst, int at, Workspace workspace)
            throws IOException {
        return stored.read(from, count, dst, at, workspace);
    }
}
