package io.amalgam.tensor;

import java.util.Arrays;

/**
 * The dimensions of a tensor, outermost first, row-major. A shape without dimensions is a scalar; a
 * dimension may be 0. Immutable.
 */
public final class Shape {
    private final long[] dims;
    private final long elements;

    private Shape(long[] dims) {
        this.dims = dims;
        long product = 1;
        boolean empty = false;
        for (long dim : dims) {
            if (dim < 0) {
                throw new IllegalArgumentException(
                        "negative dimension in " + Arrays.toString(dims));
            }
            empty |= dim == 0;
        }
        if (!empty) {
            for (long dim : dims) {
                product = Math.multiplyExact(product, dim);
            }
        }
        this.elements = empty ? 0 : product;
    }

    /**
     * @throws ArithmeticException if the number of elements does not fit a long
     */
    public static Shape of(long... dims) {
        return new Shape(dims.clone());
    }

    /** Number of axes; 0 for a scalar. */
    public int rank() {
        return dims.length;
    }

    /** Length of an axis, from 0. */
    public long dim(int axis) {
        return dims[axis];
    }

    /** Lengths of all axes, as a copy. */
    public long[] dims() {
        return dims.clone();
    }

    /** Number of elements; 1 for a scalar. */
    public long elements() {
        return elements;
    }

    /** Length of the last axis; 1 for a scalar. A vector is one row. */
    public long rowLength() {
        return dims.length == 0 ? 1 : dims[dims.length - 1];
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Shape shape && Arrays.equals(dims, shape.dims);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(dims);
    }

    @Override
    public String toString() {
        return Arrays.toString(dims);
    }
}
