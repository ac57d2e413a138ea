package io.amalgam.internal.formats.quantised;

import io.amalgam.checkpoint.StoredTensor;
import io.amalgam.checkpoint.TensorSource;
import io.amalgam.internal.kernel.E2m1;
import io.amalgam.tensor.DType;
import io.amalgam.tensor.Shape;
import java.util.Arrays;
import java.util.Optional;

/**
 * Weights of 4-bit floats, E2M1, two a byte, low bits first. MXFP4 has an exponent for each 32;
 * NVFP4 a scale of E4M3 for each 16 and one for the tensor, by which modelopt multiplies and
 * compressed-tensors divides.
 */
final class Fp4Format implements QuantisedFormat {
    static final int MX_GROUP = 32;
    private static final int NV_GROUP = 16;
    private static final String WEIGHT = "weight";

    private static final float[] E2M1 = E2m1.values();

    @Override
    public Optional<TensorSource> dense(StoredTensor codes, QuantisedTensors tensors) {
        String name = codes.info().name();
        Shape shape = codes.info().shape();
        if (codes.info().dtype() != DType.U8 || shape.rank() < 2) {
            return Optional.empty();
        }
        boolean packed = name.endsWith(WEIGHT + "_packed");
        if (!packed && !(name.endsWith(WEIGHT) && tensors.has(name + "_scale"))) {
            return Optional.empty();
        }
        String dense = packed ? name.substring(0, name.length() - "_packed".length()) : name;
        Optional<StoredTensor> scale = tensors.companion(dense + "_scale", codes);
        if (scale.isEmpty()) {
            return Optional.empty();
        }
        boolean nv = scale.get().info().dtype() == DType.F8_E4M3;
        if (!nv && !Scales.isExponent(scale.get().info().dtype())) {
            return tensors.unfit(scale.get(), "F8_E4M3, F8_E8M0 or U8 scales", codes);
        }
        int group = nv ? NV_GROUP : MX_GROUP;
        long[] dims = shape.dims();
        int last = dims.length - 1;
        dims[last] *= 2;
        long[] groups = dims.clone();
        groups[last] = dims[last] / group;
        if (dims[last] % group != 0 || !scale.get().info().shape().equals(Shape.of(groups))) {
            return tensors.unfit(
                    scale.get(),
                    "scales "
                            + Arrays.toString(groups)
                            + ", one for each "
                            + group
                            + " of rows of whole groups,",
                    codes);
        }
        Scales scales = Scales.of(scale.get());
        if (nv) {
            String suffix = packed ? "_global_scale" : "_scale_2";
            Optional<StoredTensor> factor = tensors.companion(dense + suffix, codes);
            if (factor.isEmpty()) {
                return Optional.empty();
            }
            if (factor.get().info().elements() != 1 || !factor.get().info().dtype().arithmetic()) {
                return tensors.unfit(factor.get(), "one number", codes);
            }
            scales = new Scales.Scaled(scales, factor.get(), packed);
        }
        tensors.label(nv ? "NVFP4" : "MXFP4");
        return Optional.of(
                new NibbleTensor(tensors.dense(dense, dims), codes, E2M1, false, scales, group));
    }
}
