package io.amalgam.internal.formats.quantised;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import java.util.Optional;

/** A way to store weights as codes and scales. */
interface QuantisedFormat {
    /**
     * The dense tensor of a tensor of codes; empty if the tensor is none of this format, or does
     * not fit its scales, which is reported.
     */
    Optional<TensorSource> dense(StoredTensor codes, QuantisedTensors tensors);
}
