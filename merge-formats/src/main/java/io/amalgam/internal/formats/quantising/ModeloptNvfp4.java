package io.amalgam.internal.formats.quantising;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.internal.encoding.Quantiser;
import io.amalgam.tensor.TensorInfo;
import java.util.List;
import java.util.Optional;

/** NVFP4 as modelopt writes it, of weights alone: scales of activations would need data. */
final class ModeloptNvfp4 implements WeightType {
    @Override
    public String name() {
        return "nvfp4_modelopt";
    }

    @Override
    public Optional<Quantiser> quantiser(TensorInfo dense) {
        return WeightTypes.fp4(name(), dense, Fp4Scale.NVFP4_MODELOPT, "", "_scale_2");
    }

    @Override
    public ObjectNode settings(List<String> left) {
        ObjectNode settings = JsonNodeFactory.instance.objectNode();
        settings.put("quant_method", "modelopt").put("quant_algo", "W4A16_NVFP4");
        ObjectNode group = settings.putObject("config_groups").putObject("group_0");
        group.putObject("weights")
                .put("dynamic", false)
                .put("num_bits", 4)
                .put("type", "float")
                .put("group_size", Fp4Scale.NVFP4_MODELOPT.group());
        group.putArray("targets").add("Linear");
        settings.put("group_size", Fp4Scale.NVFP4_MODELOPT.group());
        left.forEach(settings.putArray("ignore")::add);
        left.forEach(settings.putArray("exclude_modules")::add);
        settings.putObject("producer").put("name", "amalgam");
        return settings;
    }
}
