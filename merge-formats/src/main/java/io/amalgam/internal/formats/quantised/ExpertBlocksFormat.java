package io.amalgam.internal.formats.quantised;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.util.Optional;

/**
 * The experts of gpt-oss in MXFP4: {@code X_blocks} [expert, out, in/32, 16] and {@code X_scales};
 * the dense {@code X} is [expert, in, out].
 */
final class ExpertBlocksFormat implements QuantisedFormat {
    private static final String BLOCKS = "_blocks";

    @Override
    public Optional<TensorSource> dense(StoredTensor codes, QuantisedTensors tensors) {
        String name = codes.info().name();
        Shape shape = codes.info().shape();
        if (!name.endsWith(BLOCKS)
                || codes.info().dtype() != DType.U8
                || shape.rank() != 4
                || shape.dim(3) != Fp4Format.MX_GROUP / 2) {
            return Optional.empty();
        }
        String dense = name.substring(0, name.length() - BLOCKS.length());
        Optional<StoredTensor> scale = tensors.companion(dense + "_scales", codes);
        if (scale.isEmpty()) {
            return Optional.empty();
        }
        Shape groups = Shape.of(shape.dim(0), shape.dim(1), shape.dim(2));
        if (!scale.get().info().shape().equals(groups)
                || !Scales.isExponent(scale.get().info().dtype())) {
            return tensors.unfit(scale.get(), "U8 " + groups, codes);
        }
        tensors.label("MXFP4");
        long in = shape.dim(2) * Fp4Format.MX_GROUP;
        return Optional.of(
                tensors.tiled(
                        new ExpertTensor(
                                tensors.dense(dense, shape.dim(0), in, shape.dim(1)),
                                codes,
                                scale.get(),
                                tensors.model())));
    }
}
