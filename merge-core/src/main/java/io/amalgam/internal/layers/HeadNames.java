package io.amalgam.internal.layers;

import io.amalgam.checkpoint.Checkpoint.ModelFacts;
import io.amalgam.tensor.Shape;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** The name of a model's head, even if the head is not in its files. */
final class HeadNames {
    private static final String WEIGHT = ".weight";
    private static final String USUAL = "lm_head";

    /** Heads that are stored with a bias although their matrix is not: what it is called. */
    private static final Map<String, String> BY_BIAS = new LinkedHashMap<>();

    static {
        for (String module :
                List.of(
                        "cls.predictions.decoder",
                        "lm_head.decoder",
                        "mlm_score.decoder",
                        "predictions.decoder",
                        "vocab_projector",
                        "generator_lm_head",
                        "pred_layer.proj",
                        "lm_loss",
                        "proj_out",
                        "decoder")) {
            BY_BIAS.put(module + ".bias", module);
        }
        BY_BIAS.put("cls.predictions.bias", "cls.predictions.decoder");
        BY_BIAS.put("predictions.bias", "predictions.decoder");
    }

    /** Heads that have a name of their own, by the type of the model. */
    private static final Map<String, String> BY_TYPE =
            Map.ofEntries(
                    Map.entry("whisper", "proj_out"),
                    Map.entry("t5gemma", "lm_head.out_proj"),
                    Map.entry("t5gemma2", "lm_head.out_proj"),
                    Map.entry("modernbert", "decoder"),
                    Map.entry("modernbert-decoder", "decoder"),
                    Map.entry("rwkv", "head"),
                    Map.entry("gpt_neox", "embed_out"),
                    Map.entry("gpt_neox_japanese", "embed_out"),
                    Map.entry("biogpt", "output_projection"),
                    Map.entry("xlm", "pred_layer.proj"),
                    Map.entry("flaubert", "pred_layer.proj"),
                    Map.entry("xlnet", "lm_loss"),
                    Map.entry("bert", "cls.predictions.decoder"),
                    Map.entry("distilbert", "vocab_projector"),
                    Map.entry("electra", "generator_lm_head"),
                    Map.entry("albert", "predictions.decoder"),
                    Map.entry("roberta", "lm_head.decoder"),
                    Map.entry("xlm-roberta", "lm_head.decoder"),
                    Map.entry("internlm2", "output"),
                    Map.entry("chatglm", "transformer.output_layer"));

    /** What the classes of models with a head for tokens end with. */
    private static final List<String> CLASSES =
            List.of(
                    "ForCausalLM",
                    "LMHeadModel",
                    "DoubleHeadsModel",
                    "ForMaskedLM",
                    "ForPreTraining",
                    "ForConditionalGeneration",
                    "ForVision2Seq",
                    "WithLMHeadModel",
                    "MTModel");

    private HeadNames() {}

    /**
     * The head's matrix; empty where the model has none.
     *
     * @param embedding the head is of the same shape
     */
    static Optional<String> of(Map<String, Shape> shapes, ModelFacts facts, String embedding) {
        Shape shape = shapes.get(embedding);
        if (shape == null) {
            return Optional.empty();
        }
        Optional<String> stored =
                shapes.keySet().stream()
                        .filter(NonLayerTensors::isHead)
                        .filter(name -> Objects.equals(shape, shapes.get(name)))
                        .findFirst();
        if (stored.isPresent()) {
            return stored;
        }
        String name = facts.architecture();
        if (CLASSES.stream().noneMatch(name::endsWith)) {
            return Optional.empty();
        }
        for (Map.Entry<String, String> bias : BY_BIAS.entrySet()) {
            Shape found = shapes.get(bias.getKey());
            if (found != null && found.rank() == 1 && found.dim(0) == shape.dim(0)) {
                return Optional.of(bias.getValue() + WEIGHT);
            }
        }
        if (shapes.containsKey(USUAL + ".dense.weight")) {
            return Optional.of(USUAL + ".decoder" + WEIGHT);
        }
        String module = BY_TYPE.get(facts.type());
        return Optional.of((module == null ? outer(embedding) + USUAL : module) + WEIGHT);
    }

    /** A language model that is a part of another has its head with it. */
    private static String outer(String embedding) {
        for (String body : List.of("model.embed_tokens.", "transformer.wte.")) {
            int at = embedding.indexOf("." + body);
            if (at > 0) {
                return embedding.substring(0, at + 1);
            }
        }
        return "";
    }
}
