package io.amalgam.internal.formats.quantised;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.util.Optional;

/** AWQ in the layout {@code gemm}: {@code qweight}, {@code qzeros} and {@code scales}. */
final class AwqFormat implements QuantisedFormat {
    private static final String CODES = "qweight";
    private static final int A_WORD = 8;

    private final boolean zeroPoint;
    private final int groupSize;

    /**
     * @param zeroPoint whether zeros are stored
     * @param groupSize inputs of a group; -1 for all, 0 if that is not said
     */
    AwqFormat(boolean zeroPoint, int groupSize) {
        this.groupSize = groupSize;
        this.zeroPoint = zeroPoint;
    }

    @Override
    public Optional<TensorSource> dense(StoredTensor codes, QuantisedTensors tensors) {
        String name = codes.info().name();
        Shape shape = codes.info().shape();
        if (!name.endsWith(CODES) || codes.info().dtype() != DType.I32 || shape.rank() != 2) {
            return Optional.empty();
        }
        String module = name.substring(0, name.length() - CODES.length());
        long in = shape.dim(0);
        long out = shape.dim(1) * A_WORD;
        Optional<StoredTensor> scales = tensors.companion(module + "scales", codes);
        Optional<StoredTensor> zeros =
                zeroPoint
                        ? tensors.companion(module + "qzeros", codes)
                        : tensors.companionIfAny(module + "qzeros");
        if (scales.isEmpty() || (zeroPoint && zeros.isEmpty())) {
            return Optional.empty();
        }
        Shape grid = scales.get().info().shape();
        if (grid.rank() != 2
                || grid.dim(0) < 1
                || in % grid.dim(0) != 0
                || grid.dim(1) != out
                || !scales.get().info().dtype().arithmetic()) {
            return tensors.unfit(
                    scales.get(),
                    "scales [groups, " + out + "] in a float type, groups a divisor of " + in + ",",
                    codes);
        }
        long group = groupSize > 0 ? groupSize : in;
        if (groupSize != 0 && grid.dim(0) * group != in) {
            return tensors.unfit(
                    scales.get(), ScaleGrid.ceil(in, group) + " groups of " + group, codes);
        }
        Shape packed = Shape.of(grid.dim(0), shape.dim(1));
        if (zeros.isPresent()
                && (zeros.get().info().dtype() != DType.I32
                        || !zeros.get().info().shape().equals(packed))) {
            return tensors.unfit(zeros.get(), "I32 " + packed, codes);
        }
        tensors.label("AWQ");
        return Optional.of(
                tensors.tiled(
                        new AwqTensor(
                                tensors.dense(module + "weight", out, in),
                                codes,
                                zeros,
                                scales.get(),
                                tensors.model())));
    }
}
