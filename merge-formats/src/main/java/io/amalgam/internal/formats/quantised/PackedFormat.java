package io.amalgam.internal.formats.quantised;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Optional;
import java.util.Set;

/** Integers of few bits as compressed-tensors packs them: {@code weight_packed} of I32. */
final class PackedFormat implements QuantisedFormat {
    private static final String PACKED = "weight_packed";
    private static final int WORD = 32;

    private final Set<Integer> widths;
    private final Set<Integer> groupSizes;

    /**
     * @param widths the numbers of bits that the model's settings name
     * @param groupSizes the lengths of groups that they name
     */
    PackedFormat(Set<Integer> widths, Set<Integer> groupSizes) {
        this.widths = widths;
        this.groupSizes = groupSizes;
    }

    @Override
    public Optional<TensorSource> dense(StoredTensor codes, QuantisedTensors tensors) {
        String name = codes.info().name();
        Shape shape = codes.info().shape();
        if (!name.endsWith(PACKED) || codes.info().dtype() != DType.I32 || shape.rank() != 2) {
            return Optional.empty();
        }
        String dense = name.substring(0, name.length() - "_packed".length());
        Optional<StoredTensor> dims = tensors.companion(dense + "_shape", codes);
        Optional<StoredTensor> scale = tensors.companion(dense + "_scale", codes);
        if (dims.isEmpty() || scale.isEmpty()) {
            return Optional.empty();
        }
        if (dims.get().info().dtype() != DType.I64
                || dims.get().info().elements() != 2
                || number(dims.get(), 0) != shape.dim(0)) {
            return tensors.unfit(dims.get(), "two I64, of which the first is the rows,", codes);
        }
        long rows = shape.dim(0);
        long columns = number(dims.get(), 1);
        int bits = bits(columns, shape.dim(1));
        if (bits == 0) {
            return tensors.unfit(
                    codes,
                    "words that hold rows of " + columns + " codes of 1 to 8 bits",
                    dims.get());
        }
        Shape scales = scale.get().info().shape();
        long groups = scales.rank() == 2 && scales.dim(0) == rows ? scales.dim(1) : 0;
        long group = group(columns, groups);
        if (group == 0 || !scale.get().info().dtype().arithmetic()) {
            return tensors.unfit(
                    scale.get(),
                    "scales [" + rows + ", groups] in a float type, groups of equal size,",
                    codes);
        }
        if (tensors.has(dense + "_g_idx")) {
            return tensors.unfit(
                    tensors.companion(dense + "_g_idx", codes).orElse(codes),
                    "groups that are runs of columns",
                    codes);
        }
        Optional<StoredTensor> zeros = tensors.companionIfAny(dense + "_zero_point");
        if (zeros.isPresent()
                && (zeros.get().info().dtype() != DType.I32
                        || !zeros.get()
                                .info()
                                .shape()
                                .equals(Shape.of(ScaleGrid.ceil(rows * bits, WORD), groups)))) {
            return tensors.unfit(
                    zeros.get(),
                    "I32 [" + ScaleGrid.ceil(rows * bits, WORD) + ", " + groups + "]",
                    codes);
        }
        tensors.label("int" + bits);
        return Optional.of(
                new PackedTensor(
                        tensors.dense(dense, rows, columns),
                        codes,
                        scale.get(),
                        zeros,
                        bits,
                        (int) group));
    }

    /** The width of codes: one that the settings name if it fits, else the only one that does. */
    private int bits(long columns, long words) {
        int only = 0;
        for (int bits = 1; bits <= 8; bits++) {
            if (columns > 0 && ScaleGrid.ceil(columns * bits, WORD) == words) {
                if (widths.contains(bits)) {
                    return bits;
                }
                only = only == 0 ? bits : -1;
            }
        }
        return widths.isEmpty() ? Math.max(only, 0) : 0;
    }

    private long group(long columns, long groups) {
        if (groups == 1) {
            return columns;
        }
        for (int size : groupSizes) {
            if (size > 0 && ScaleGrid.ceil(columns, size) == groups) {
                return size;
            }
        }
        return groups > 0 && columns % groups == 0 ? columns / groups : 0;
    }

    private static long number(StoredTensor tensor, int index) {
        byte[] bytes = new byte[Long.BYTES];
        try {
            Scratch.read(
                    tensor,
                    (long) index * Long.BYTES,
                    Long.BYTES,
                    bytes,
                    0,
                    new Workspace(ScalarKernels.INSTANCE, Long.BYTES));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        long low = Scratch.word(bytes, 0) & 0xFFFFFFFFL;
        long high = Scratch.word(bytes, Integer.BYTES);
        // Rows and columns of this many are no matrix: an index of an array must do.
        return high == 0 && low <= Integer.MAX_VALUE ? low : -1;
    }
}
