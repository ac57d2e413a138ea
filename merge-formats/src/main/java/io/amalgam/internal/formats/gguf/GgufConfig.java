package io.amalgam.internal.formats.gguf;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.Problem;
import io.amalgam.internal.kernel.ScalarKernels;
import io.amalgam.kernel.Workspace;
import io.amalgam.tensor.DType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The config.json of a model in GGUF: of its keys, and of what its tensors say.
 *
 * @param config as transformers reads it
 * @param missing what could not be known
 */
record GgufConfig(ObjectNode config, List<Problem> missing) {
    private static final String FACTORS = "rope_freqs.weight";
    private static final int MOST_FACTORS = 1 << 12;

    /** What every configuration says. */
    private static final List<String> NEEDED =
            List.of(
                    "block_count",
                    "context_length",
                    "embedding_length",
                    "feed_forward_length",
                    "attention.head_count");

    /**
     * @param type what the model computes with
     * @param model what the user calls it
     */
    static GgufConfig of(
            GgufArchitecture architecture,
            GgufMetadata keys,
            Map<String, GgufFile.Tensor> tensors,
            DType type,
            String model)
            throws IOException {
        Optional<float[]> factors = values(tensors, FACTORS);
        ObjectNode config =
                KeysConfig.of(
                        architecture,
                        keys,
                        new KeysConfig.Facts(
                                tensors.containsKey("output.weight"),
                                rows(tensors, "token_embd.weight"),
                                rows(tensors, "token_types.weight"),
                                factors));
        Companions.withType(config, type);
        biases(architecture, tensors, config);
        longTexts(tensors, config);
        List<Problem> missing = new ArrayList<>();
        List<String> absent =
                NEEDED.stream()
                        .map(rest -> architecture.gguf() + "." + rest)
                        .filter(key -> keys.whole(key).isEmpty())
                        .toList();
        if (!absent.isEmpty()) {
            missing.add(
                    Problem.of(
                                    "the GGUF file of model '%s' lacks keys: '%s'"
                                            .formatted(model, String.join("', '", absent)))
                            .hint("config.json is made without them: complete it by hand"));
        }
        if (factors.isPresent() && !KeysConfig.knowsFactors(architecture, keys, factors.get())) {
            missing.add(
                    Problem.of(
                                    "the scaling of rotary positions of model '"
                                            + model
                                            + "' is not known from its GGUF file")
                            .hint(
                                    "complete 'rope_scaling' in config.json by hand, or take a Hugging Face model for the base"));
        }
        return new GgufConfig(config, missing);
    }

    private static long rows(Map<String, GgufFile.Tensor> tensors, String name) {
        GgufFile.Tensor tensor = tensors.get(name);
        return tensor == null || tensor.shape().rank() == 0 ? 0 : tensor.shape().dim(0);
    }

    /** Models that may have biases or not. */
    private static void biases(
            GgufArchitecture architecture,
            Map<String, GgufFile.Tensor> tensors,
            ObjectNode config) {
        boolean optional =
                architecture == GgufArchitecture.LLAMA || architecture == GgufArchitecture.QWEN3;
        if (optional && tensors.containsKey("blk.0.attn_q.bias")) {
            config.put("attention_bias", true);
        }
        if (optional && tensors.containsKey("blk.0.ffn_up.bias")) {
            config.put("mlp_bias", true);
        }
    }

    /** Phi-3's two lists of factors, which are tensors in GGUF. */
    private static void longTexts(Map<String, GgufFile.Tensor> tensors, ObjectNode config)
            throws IOException {
        Optional<float[]> far = values(tensors, "rope_factors_long.weight");
        Optional<float[]> near = values(tensors, "rope_factors_short.weight");
        if (far.isPresent() && near.isPresent()) {
            ObjectNode scaling = config.putObject("rope_scaling");
            scaling.put("type", "longrope");
            fill(scaling.putArray("long_factor"), far.get());
            fill(scaling.putArray("short_factor"), near.get());
        }
    }

    private static void fill(ArrayNode list, float[] values) {
        for (float value : values) {
            list.add(Double.parseDouble(Float.toString(value)));
        }
    }

    /** The few values of a tensor that stands for settings; empty if it is none. */
    private static Optional<float[]> values(Map<String, GgufFile.Tensor> tensors, String name)
            throws IOException {
        GgufFile.Tensor tensor = tensors.get(name);
        if (tensor == null
                || !tensor.type().dtype().arithmetic()
                || tensor.shape().elements() < 1
                || tensor.shape().elements() > MOST_FACTORS) {
            return Optional.empty();
        }
        float[] values = new float[(int) tensor.shape().elements()];
        Workspace workspace = new Workspace(ScalarKernels.INSTANCE, values.length);
        tensor.stored("").read(0, values.length, values, 0, workspace);
        return Optional.of(values);
    }
}
