package io.amalgam.internal.formats.peft;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.error.Problem;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The meaning for a merge of every key of PEFT 0.21's LoraConfig, and of some keys of other tools.
 * A key that is not here is not ignored: unless it is null, false or empty, it is warned about.
 */
final class PeftSettings {
    /** What a setting means to a merge. */
    enum Use {
        /** Read, here or where tensors are sorted and matched. */
        READ,
        /** Of training, of loading, or a setting of another that is judged itself. */
        NO_EFFECT,
        /** Changes what the factors mean, in a way that is not computed. */
        REFUSED
    }

    private static final String WITH_ITS_LIBRARY = "merge it with the library it was trained with";

    private static final Map<String, Use> USES = new LinkedHashMap<>();

    private static final Map<String, String> REASONS =
            Map.of(
                    "alora_invocation_tokens",
                    "it acts on some tokens only, so no weights can hold it: serve it as an adapter",
                    "arrow_config",
                    "it chooses among adapters for each token: merge the adapters it chooses from",
                    "kasa_config",
                    "it cuts the base's smallest singular values: " + WITH_ITS_LIBRARY,
                    "layer_replication",
                    "stack the base's layers first with 'amalgam stack', then set it to null",
                    "enable_lora",
                    "save it again with a newer PEFT");

    static {
        put(
                Use.READ,
                "peft_type",
                "task_type",
                "base_model_name_or_path",
                "r",
                "lora_alpha",
                "rank_pattern",
                "alpha_pattern",
                "use_rslora",
                "fan_in_fan_out",
                "init_lora_weights",
                "bias",
                "lora_bias",
                "use_dora",
                "modules_to_save",
                "trainable_token_indices",
                "ensure_weight_tying",
                "target_parameters");
        put(
                Use.NO_EFFECT,
                "auto_mapping",
                "peft_version",
                "revision",
                "inference_mode",
                "runtime_config",
                "target_modules",
                "exclude_modules",
                "layers_to_transform",
                "layers_pattern",
                "lora_dropout",
                // Sharded layers compute the same.
                "megatron_config",
                "megatron_core",
                // Of 'init_lora_weights' and 'use_qalora', which are judged themselves.
                "loftq_config",
                "eva_config",
                "corda_config",
                "lora_ga_config",
                "qalora_group_size",
                // Changes the backward pass only.
                "velora_config",
                // Not PEFT's: of its first versions, and of ms-swift.
                "merge_weights",
                "lora_dtype",
                "lorap_lr_ratio",
                "lorap_emb_lr");
        put(
                Use.REFUSED,
                "use_qalora",
                "use_bdlora",
                "layer_replication",
                "alora_invocation_tokens",
                "arrow_config",
                "kasa_config",
                "monteclora_config",
                // Of PEFT's first versions: parts of a fused matrix.
                "enable_lora");
    }

    private PeftSettings() {}

    private static void put(Use use, String... keys) {
        for (String key : keys) {
            USES.put(key, use);
        }
    }

    /** What a key means; empty for one that is not known. */
    static Optional<Use> use(String key) {
        return Optional.ofNullable(USES.get(key));
    }

    /**
     * Judges every key.
     *
     * @param problems what cannot be merged so
     * @param warnings keys that are not known
     */
    static void check(
            ObjectNode config, Path file, List<Problem> problems, List<Problem> warnings) {
        config.properties()
                .forEach(
                        entry -> {
                            String key = entry.getKey();
                            if (neutral(entry.getValue())) {
                                return;
                            }
                            Optional<Use> use = use(key);
                            if (use.isEmpty()) {
                                warnings.add(unknown(key, file));
                            } else if (use.get() == Use.REFUSED) {
                                problems.add(
                                        Problem.of(
                                                        "adapters with '"
                                                                + key
                                                                + "' cannot be merged into weights")
                                                .at("'" + file + "'")
                                                .hint(REASONS.getOrDefault(key, WITH_ITS_LIBRARY)));
                            }
                        });
    }

    private static Problem unknown(String key, Path file) {
        return Problem.of("unknown setting '" + key + "' has no effect")
                .at("'" + file + "'")
                .hint("see that it does not change what the factors mean");
    }

    /** Null, false, and what is empty. */
    private static boolean neutral(JsonNode value) {
        return value.isNull()
                || (value.isBoolean() && !value.booleanValue())
                || (value.isContainerNode() && value.isEmpty())
                || (value.isTextual() && value.textValue().isEmpty());
    }
}
