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
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Integers of few bits as compressed-tensors packs them: {@code weight_packed} of I32. */
final class PackedFormat implements QuantisedFormat {
    private static final String PACKED = "weight_packed";
    private static final int WORD = 32;

    private final Set<Integer> widths;
    private final Set<Integer> groupSizes;
    private final boolean asymmetric;

    /**
     * @param widths the numbers of bits that the model's settings name
     * @param groupSizes the lengths of groups that they name; less than 1 for whole rows
     * @param asymmetric whether all weights have zero points
     */
    PackedFormat(Set<Integer> widths, Set<Integer> groupSizes, boolean asymmetric) {
        this.asymmetric = asymmetric;
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
                    "words that hold rows of " + columns + " codes of " + saidBits() + " bits",
                    dims.get());
        }
        Shape scales = scale.get().info().shape();
        long groups = scales.rank() == 2 && scales.dim(0) == rows ? scales.dim(1) : 0;
        long group = group(columns, groups);
        if (group == 0 || !scale.get().info().dtype().arithmetic()) {
            return tensors.unfit(
                    scale.get(),
                    "scales [" + rows + ", groups] in a float type, groups of " + saidSizes() + ",",
                    codes);
        }
        Optional<StoredTensor> zeros =
                asymmetric
                        ? tensors.companion(dense + "_zero_point", codes)
                        : tensors.companionIfAny(dense + "_zero_point");
        if (asymmetric && zeros.isEmpty()) {
            return Optional.empty();
        }
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

    /** The only width of codes that fits, of those that the settings name; 0 if there is none. */
    private int bits(long columns, long words) {
        int[] fitting =
                IntStream.rangeClosed(1, 8)
                        .filter(bits -> widths.isEmpty() || widths.contains(bits))
                        .filter(bits -> ScaleGrid.ceil(columns * bits, WORD) == words)
                        .toArray();
        return columns > 0 && fitting.length == 1 ? fitting[0] : 0;
    }

    private String saidBits() {
        return widths.isEmpty() ? "1 to 8" : or(widths.stream().map(String::valueOf));
    }

    /** The only length of groups that fits, of those that the settings name; 0 if there is none. */
    private long group(long columns, long groups) {
        if (groupSizes.isEmpty()) {
            return groups > 0 && columns % groups == 0 ? columns / groups : 0;
        }
        long[] fitting =
                groupSizes.stream()
                        .mapToLong(size -> size > 0 ? Math.min(size, columns) : columns)
                        .filter(size -> ScaleGrid.ceil(columns, size) == groups)
                        .distinct()
                        .toArray();
        return fitting.length == 1 ? fitting[0] : 0;
    }

    private String saidSizes() {
        return groupSizes.isEmpty()
                ? "equal size"
                : or(groupSizes.stream().map(size -> size > 0 ? "" + size : "a whole row"));
    }

    private static String or(Stream<String> said) {
        return said.collect(Collectors.joining(" or ")) + " (from the settings)";
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
