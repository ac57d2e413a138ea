package io.amalgam.internal.formats.quantised;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.tensor.DType;
import java.util.Optional;

/** 8-bit floats that are their values, in a model that computes in a wider type. */
final class PlainFormat implements QuantisedFormat {
    @Override
    public Optional<TensorSource> dense(StoredTensor codes, QuantisedTensors tensors) {
        DType type = codes.info().dtype();
        if (type != DType.F8_E4M3 && type != DType.F8_E5M2) {
            return Optional.empty();
        }
        tensors.label("FP8 without scales");
        return Optional.of(new PlainTensor(codes, tensors));
    }
}
