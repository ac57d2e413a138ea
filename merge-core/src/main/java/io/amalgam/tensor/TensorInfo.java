package io.amalgam.tensor;

import java.util.Objects;

/** Name, element type and shape of a tensor, as read from a header. Immutable. */
public record TensorInfo(String name, DType dtype, Shape shape) {
    public TensorInfo {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(dtype, "dtype");
        Objects.requireNonNull(shape, "shape");
    }

    /** Number of elements. */
    public long elements() {
        return shape.elements();
    }

    /**
     * Number of parameters: all elements of a floating-point tensor, 0 for integers and booleans.
     */
    public long parameters() {
        return dtype.arithmetic() ? elements() : 0;
    }

    /** Bytes of all elements as stored. */
    public long bytes() {
        return dtype.bytesFor(shape.elements());
    }

    /** The same tensor under another name. */
    public TensorInfo withName(String other) {
        return new TensorInfo(other, dtype, shape);
    }

    /** The same tensor with another element type. */
    public TensorInfo withDType(DType other) {
        return new TensorInfo(name, other, shape);
    }

    @Override
    public String toString() {
        return name + " " + dtype + " " + shape;
    }
}
