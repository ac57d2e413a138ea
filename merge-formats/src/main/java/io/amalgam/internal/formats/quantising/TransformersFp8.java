package io.amalgam.internal.formats.quantising;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.internal.encoding.Quantiser;
import io.amalgam.tensor.Shape;
import io.amalgam.tensor.TensorInfo;
import java.util.List;
import java.util.Optional;

/**
 * FP8 in blocks as DeepSeek publishes it and transformers writes it.
 *
 * @param powers whether scales are powers of two
 */
record TransformersFp8(String name, int blockRows, int blockColumns, boolean powers)
        implements WeightType {

    @Override
    public Optional<Quantiser> quantiser(TensorInfo dense) {
        Shape scales =
                Shape.of(
                        WeightTypes.blocks(WeightTypes.rows(dense), blockRows),
                        WeightTypes.blocks(WeightTypes.columns(dense), blockColumns));
        return Optional.of(
                new ByteQuantiser(
                        dense,
                        dense.name() + "_scale_inv",
                        scales,
                        name,
                        powers ? ByteScale.FP8_POWER : ByteScale.FP8_INVERSE,
                        blockRows,
                        blockColumns));
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
