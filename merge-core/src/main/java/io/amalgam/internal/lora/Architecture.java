package io.amalgam.internal.lora;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint.ModelFacts;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The class of a model, as {@code config.json} names it.
 *
 * @param name such as {@code Qwen3ForCausalLM}
 * @param config that names it
 */
public record Architecture(String name, ObjectNode config) {
    /** What a class's name ends with, and PEFT's word for what it is trained for. */
    private static final Map<String, String> TASKS =
            Map.of(
                    "ForCausalLM", "CAUSAL_LM",
                    "LMHeadModel", "CAUSAL_LM",
                    "ForSequenceClassification", "SEQ_CLS",
                    "ForTokenClassification", "TOKEN_CLS",
                    "ForQuestionAnswering", "QUESTION_ANS");

    /** Modules that PEFT saves whole for a task, whatever the settings say. */
    private static final Map<String, List<String>> HEADS =
            Map.of(
                    "SEQ_CLS", List.of("classifier", "score"),
                    "TOKEN_CLS", List.of("classifier", "score"),
                    "QUESTION_ANS", List.of("qa_outputs"));

    /** Empty where the settings name none. */
    public static Optional<Architecture> of(Optional<ObjectNode> config) {
        return config.filter(c -> c.path("architectures").path(0).isTextual())
                .map(c -> new Architecture(c.path("architectures").path(0).asText(), c));
    }

    /** Whether it has no head. */
    public boolean bare() {
        return name.endsWith("Model")
                && !name.matches(".*(LMHead|DoubleHeads|MT|EncoderDecoder)Model");
    }

    /** Whether it has a head over the vocabulary and no encoder, as most that generate text. */
    public boolean generates() {
        return name.matches(".*(ForCausalLM|ForConditionalGeneration)") && !encoderDecoder();
    }

    boolean encoderDecoder() {
        return config.path("is_encoder_decoder").asBoolean(false) || config.has("decoder");
    }

    /** Whether its head and its embedding are one tensor, as far as the settings say. */
    public boolean ties() {
        return !name.matches(".*(Classification|QuestionAnswering)")
                && ModelFacts.of(config).tied().orElse(true);
    }

    /** Whether it reads something besides text. */
    private boolean reads(String... keys) {
        for (String key : keys) {
            if (config.has(key)) {
                return true;
            }
        }
        return false;
    }

    /** Whether it reads text alone: its configuration has no key of images or sound. */
    private boolean textOnly() {
        return !reads("vision_config", "audio_config", "num_mel_bins", "image_size", "patch_size");
    }

    /**
     * PEFT's task; empty where none of its wrappers fits.
     *
     * @param modules of the model
     */
    public Optional<String> task(Collection<String> modules) {
        for (Map.Entry<String, String> task : TASKS.entrySet()) {
            if (name.endsWith(task.getKey())) {
                return Optional.of(name.startsWith("T5With") ? "SEQ_2_SEQ_LM" : task.getValue());
            }
        }
        boolean textEncoder =
                modules.stream()
                        .anyMatch(m -> m.matches("(.*\\.)?(shared|encoder\\.embed_tokens)"));
        if (name.matches(".*(ForConditionalGeneration|MTModel)")
                && encoderDecoder()
                && textOnly()
                && textEncoder) {
            return Optional.of("SEQ_2_SEQ_LM");
        }
        boolean reader =
                bare() && !encoderDecoder() && textOnly() && ModelFacts.of(config).vocabulary() > 0;
        return reader ? Optional.of("FEATURE_EXTRACTION") : Optional.empty();
    }

    /** What the names of modules end with that PEFT saves whole for a task, always. */
    public static List<String> heads(Optional<String> task) {
        return task.map(t -> HEADS.getOrDefault(t, List.of())).orElse(List.of());
    }

    /** Whether its code comes with the model and not with transformers. */
    public boolean custom() {
        return config.has("auto_map");
    }
}
