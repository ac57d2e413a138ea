package io.amalgam.internal.formats.quantising;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.internal.encoding.Quantiser;
import io.amalgam.tensor.TensorInfo;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** MXFP4 as gpt-oss has it: of experts alone, which are [expert, in, out] and stored by outputs. */
final class ExpertMxfp4 implements WeightType {
    /** As models of the kind call it in their configuration. */
    static final String METHOD = "mxfp4";

    /** The type of such models. */
    static final String MODEL = "gpt_oss";

    private static final String LEFT = "modules_to_not_convert";
    private static final Pattern EXPERTS = Pattern.compile(".*\\.experts\\.(gate_up|down)_proj");

    /** What is dense in the published models. */
    private static final List<String> DENSE =
            List.of(
                    "model.layers.*.self_attn",
                    "model.layers.*.mlp.router",
                    "model.embed_tokens",
                    "lm_head");

    private final JsonNode left;

    /**
     * @param donor the settings of the model whose configuration the output gets
     */
    ExpertMxfp4(Optional<ObjectNode> donor) {
        ArrayNode usual = JsonNodeFactory.instance.arrayNode();
        DENSE.forEach(usual::add);
        this.left = donor.map(said -> said.get(LEFT)).orElse(usual);
    }

    @Override
    public String name() {
        return "mxfp4";
    }

    @Override
    public boolean takes(TensorInfo dense) {
        return dense.shape().rank() == 3 && EXPERTS.matcher(dense.name()).matches();
    }

    @Override
    public boolean isOfExperts() {
        return true;
    }

    @Override
    public Optional<Quantiser> quantiser(TensorInfo dense) {
        long in = dense.shape().dim(1);
        long out = dense.shape().dim(2);
        boolean fits = in % Fp4Scale.MXFP4.group() == 0 && in * out <= ExpertQuantiser.LARGEST;
        return fits ? Optional.of(new ExpertQuantiser(dense)) : Optional.empty();
    }

    @Override
    public ObjectNode settings(List<String> unused) {
        ObjectNode settings = JsonNodeFactory.instance.objectNode().put("quant_method", METHOD);
        settings.set(LEFT, left.deepCopy());
        return settings;
    }
}
