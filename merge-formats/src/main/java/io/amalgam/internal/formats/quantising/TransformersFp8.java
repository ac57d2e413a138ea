package io.amalgam.internal.formats.quantising;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.internal.encoding.Quantiser;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.util.List;
import java.util.Optional;

/**
 * FP8 in blocks as DeepSeek publishes it and transformers writes it: of matrices, and of experts in
 * one tensor whose matrices are whole blocks.
 *
 * @param powers whether scales are powers of two
 */
record TransformersFp8(String name, int blockRows, int blockColumns, boolean powers)
        implements WeightType {

    @Override
    public boolean takes(TensorInfo dense) {
        return dense.shape().rank() == 2 || takesExperts(dense);
    }

    /** Gates and what they gate need a row of blocks each. */
    @Override
    public boolean takesExperts(TensorInfo fused) {
        return fused.shape().rank() == 3
                && fused.shape().dim(1) % blockRows == 0
                && fused.shape().dim(2) % blockColumns == 0
                && (fused.shape().dim(1) > blockRows || fused.name().endsWith("down_proj"));
    }

    @Override
    public Optional<Quantiser> quantiser(TensorInfo dense) {
        return Optional.of(
                new ByteQuantiser(
                        dense,
                        dense.name() + "_scale_inv",
                        scales(dense.shape()),
                        name,
                        powers ? ByteScale.FP8_POWER : ByteScale.FP8_INVERSE,
                        blockRows,
                        blockColumns));
    }

    private Shape scales(Shape dense) {
        int rank = dense.rank();
        long down = WeightTypes.blocks(dense.dim(rank - 2), blockRows);
        long across = WeightTypes.blocks(dense.dim(rank - 1), blockColumns);
        return rank == 2 ? Shape.of(down, across) : Shape.of(dense.dim(0), down, across);
    }

    @Override
    public ObjectNode settings(List<String> left) {
        ObjectNode settings = JsonNodeFactory.instance.objectNode();
        settings.put("quant_method", "fp8").put("fmt", "e4m3").put("activation_scheme", "dynamic");
        settings.putArray("weight_block_size").add(blockRows).add(blockColumns);
        if (powers) {
            settings.put("scale_fmt", "ue8m0");
        }
        left.forEach(settings.putArray("modules_to_not_convert")::add);
        return settings;
    }
}
