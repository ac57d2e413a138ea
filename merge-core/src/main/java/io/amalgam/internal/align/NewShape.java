package io.amalgam.internal.align;

import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.util.List;
import java.util.Optional;

/** Shapes of tensors with mapped axes. */
final class NewShape {
    private NewShape() {}

    static TensorInfo of(TensorInfo old, List<Optional<AxisMap>> axes) {
        long[] dims = old.shape().dims().clone();
        for (int axis = 0; axis < dims.length; axis++) {
            if (axes.get(axis).isPresent()) {
                dims[axis] = axes.get(axis).get().size();
            }
        }
        return new TensorInfo(old.name(), old.dtype(), Shape.of(dims));
    }
}
