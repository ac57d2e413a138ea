package io.amalgam.internal.formats.quantising;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.internal.encoding.Quantiser;
import io.amalgam.tensor.TensorInfo;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * A type in the way of compressed-tensors, which transformers, vLLM and SGLang read. Activations,
 * if they are quantised at all, are so while the model runs: nothing of them is stored.
 *
 * @param format the name of its files' format
 * @param weights what is said of the weights
 * @param inputs what is said of activations; empty if they stay as they are
 * @param encoding what encodes a matrix
 */
record CompressedType(
        String name,
        String format,
        ObjectNode weights,
        Optional<ObjectNode> inputs,
        Function<TensorInfo, Optional<Quantiser>> encoding)
        implements WeightType {

    @Override
    public Optional<Quantiser> quantiser(TensorInfo dense) {
        return encoding.apply(dense);
    }

    @Override
    public ObjectNode settings(List<String> left) {
        ObjectNode group = JsonNodeFactory.instance.objectNode();
        group.putArray("targets").add("Linear");
        group.set("weights", weights.deepCopy());
        inputs.ifPresentOrElse(
                said -> group.set("input_activations", said.deepCopy()),
                () -> group.putNull("input_activations"));
        group.putNull("output_activations");
        group.put("format", format);
        ObjectNode settings = JsonNodeFactory.instance.objectNode();
        settings.putObject("config_groups").set("group_0", group);
        settings.put("quant_method", "compressed-tensors");
        settings.putNull("kv_cache_scheme");
        settings.put("format", format);
        settings.put("quantization_status", "compressed");
        settings.putNull("global_compression_ratio");
        left.forEach(settings.putArray("ignore")::add);
        return settings;
    }

    /**
     * What is said of numbers.
     *
     * @param type {@code float} or {@code int}
     * @param group elements that share a scale; 0 where the strategy says it
     * @param dynamic whether scales are found while the model runs
     */
    static ObjectNode numbers(
            int bits, String type, boolean symmetric, String strategy, int group, boolean dynamic) {
        ObjectNode numbers = JsonNodeFactory.instance.objectNode();
        numbers.put("num_bits", bits).put("type", type).put("symmetric", symmetric);
        if (group > 0) {
            numbers.put("group_size", group);
        } else {
            numbers.putNull("group_size");
        }
        return numbers.put("strategy", strategy).put("dynamic", dynamic);
    }
}
