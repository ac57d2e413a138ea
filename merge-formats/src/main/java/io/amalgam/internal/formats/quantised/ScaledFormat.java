package io.amalgam.internal.formats.quantised;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Weights of 8-bit floats or integers with a tensor of scales: one for all, for each row, for each
 * block of a matrix, or (MXFP8) for each 32 elements of a row. The same for each of several
 * matrices in one tensor.
 */
final class ScaledFormat implements QuantisedFormat {
    private static final List<String> SUFFIXES = List.of("_scale_inv", "_scale");
    private static final int GROUP = 32;
    private static final int[] USUAL = {128, 128};

    private final String usualSuffix;
    private final List<int[]> blocks;
    private final boolean blocksSaid;
    private final boolean asymmetric;

    /**
     * @param usualSuffix what scales are called behind the name of their weight
     * @param blocks sizes of blocks that the model's settings name; the usual one if they do not
     */
    ScaledFormat(String usualSuffix, List<int[]> blocks) {
        this(usualSuffix, blocks, false);
    }

    /**
     * @param asymmetric whether all integers have zero points
     */
    ScaledFormat(String usualSuffix, List<int[]> blocks, boolean asymmetric) {
        this.asymmetric = asymmetric;
        this.usualSuffix = usualSuffix;
        this.blocksSaid = !blocks.isEmpty();
        this.blocks = blocks.isEmpty() ? List.of(USUAL) : blocks;
    }

    @Override
    public Optional<TensorSource> dense(StoredTensor codes, QuantisedTensors tensors) {
        String name = codes.info().name();
        Shape shape = codes.info().shape();
        boolean integers = codes.info().dtype() == DType.I8;
        if (!ScaledTensor.fits(codes.info().dtype())
                || shape.rank() == 0
                || FormatChoice.isScale(name)) {
            return Optional.empty();
        }
        Optional<StoredTensor> scale =
                SUFFIXES.stream()
                        .map(suffix -> tensors.companionIfAny(name + suffix))
                        .flatMap(Optional::stream)
                        .findFirst();
        if (scale.isEmpty()) {
            // Integers without a scale are integers, but not in place of a weight.
            if (!integers || isWeight(name, shape)) {
                tensors.companion(name + usualSuffix, codes);
            }
            return Optional.empty();
        }
        Optional<ScaleGrid> grid = grid(shape, scale.get());
        if (grid.isEmpty() || !Scales.fits(scale.get())) {
            return tensors.unfit(scale.get(), expected(shape, scale.get()), codes);
        }
        Optional<StoredTensor> zeros = Optional.empty();
        if (integers) {
            zeros =
                    asymmetric
                            ? tensors.companion(name + "_zero_point", codes)
                            : tensors.companionIfAny(name + "_zero_point");
            if (asymmetric && zeros.isEmpty()) {
                return Optional.empty();
            }
        }
        if (zeros.isPresent()
                && (zeros.get().info().dtype() != DType.I8
                        || zeros.get().info().elements() != scale.get().info().elements())) {
            return tensors.unfit(zeros.get(), "I8 zero points, one for each scale,", codes);
        }
        tensors.label(label(codes.info().dtype(), grid.get(), scale.get()));
        return Optional.of(
                new ScaledTensor(
                        tensors.dense(name, shape.dims()),
                        codes,
                        grid.get(),
                        Scales.of(scale.get()),
                        zeros,
                        1));
    }

    private static boolean isWeight(String name, Shape shape) {
        return shape.rank() >= 2 && (name.endsWith("weight") || name.endsWith("_proj"));
    }

    /** The blocks that so many scales belong to. */
    private Optional<ScaleGrid> grid(Shape shape, StoredTensor scale) {
        int rank = shape.rank();
        long columns = shape.rowLength();
        long rows = rank < 2 ? 1 : shape.dim(rank - 2);
        long matrices = shape.elements() / Math.max(1, rows * columns);
        Shape given = scale.info().shape();
        if (given.elements() == 1) {
            return Optional.of(new ScaleGrid(rows * matrices, columns, rows * matrices, columns));
        }
        if (given.elements() == matrices * rows && isRows(given, rank, rows)) {
            return Optional.of(new ScaleGrid(rows, columns, 1, columns));
        }
        if (given.elements() == matrices && matrices > 1) {
            return Optional.of(new ScaleGrid(rows, columns, rows, columns));
        }
        OptionalInt last = given.rank() == rank ? OptionalInt.of(rank - 1) : OptionalInt.empty();
        if (last.isEmpty() || rank < 2) {
            return Optional.empty();
        }
        long across = given.dim(rank - 1);
        long down = given.dim(rank - 2);
        if (given.elements() != matrices * across * down) {
            return Optional.empty();
        }
        if (Scales.isExponent(scale.info().dtype()) && down == rows && across * GROUP == columns) {
            return Optional.of(new ScaleGrid(rows, columns, 1, GROUP));
        }
        return blocks.stream()
                .map(block -> new ScaleGrid(rows, columns, block[0], block[1]))
                .filter(grid -> grid.across() == across && grid.down() == down)
                .findFirst();
    }

    private static boolean isRows(Shape given, int rank, long rows) {
        int last = given.rank() - 1;
        boolean column = given.rank() == rank && given.dim(last) == 1;
        return column || (given.rank() == Math.max(1, rank - 1) && given.dim(last) == rows);
    }

    /** Exponents, one for each part of each row, are those of groups; else blocks are meant. */
    private String expected(Shape shape, StoredTensor scale) {
        long rows = shape.rank() < 2 ? 1 : shape.dim(shape.rank() - 2);
        long columns = shape.rowLength();
        Shape given = scale.info().shape();
        if (!Scales.fits(scale)) {
            return "scales in a float type, F8_E8M0 or U8,";
        }
        if (!blocksSaid
                && Scales.isExponent(scale.info().dtype())
                && given.rank() == shape.rank()
                && given.rank() > 1
                && given.dim(given.rank() - 2) == rows) {
            return columns % GROUP == 0
                    ? "[" + rows + ", " + columns / GROUP + "], a scale for each 32 of a row,"
                    : "a scale for each 32 of rows of whole groups,";
        }
        StringBuilder sizes = new StringBuilder();
        for (int[] block : blocks) {
            ScaleGrid grid = new ScaleGrid(rows, columns, block[0], block[1]);
            sizes.append(", or [")
                    .append(grid.down())
                    .append(", ")
                    .append(grid.across())
                    .append("] of them for blocks of ")
                    .append(block[0])
                    .append('x')
                    .append(block[1]);
        }
        return "one scale, one a row" + sizes;
    }

    private static String label(DType type, ScaleGrid grid, StoredTensor scale) {
        String codes = type == DType.I8 ? "int8" : "FP8";
        boolean oneRow = grid.blockRows() == 1;
        if (oneRow && grid.blockColumns() == GROUP && Scales.isExponent(scale.info().dtype())) {
            return "MXFP8";
        }
        if (scale.info().elements() == 1) {
            return codes;
        }
        return oneRow
                ? codes + " by rows"
                : codes + " in blocks of " + grid.blockRows() + "x" + grid.blockColumns();
    }
}
