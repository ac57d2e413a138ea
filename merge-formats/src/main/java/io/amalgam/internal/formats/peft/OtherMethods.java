package io.amalgam.internal.formats.peft;

import io.amalgam.error.Problem;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Adapters that are not LoRA: the names of their tensors, and messages about them. */
final class OtherMethods {
    /** Kinds that put something before the input. */
    private static final Set<String> PROMPTS =
            Set.of(
                    "PROMPT_TUNING",
                    "MULTITASK_PROMPT_TUNING",
                    "P_TUNING",
                    "PREFIX_TUNING",
                    "CPT",
                    "ADAPTION_PROMPT");

    /** PEFT's name of a kind, by what is in the names of its tensors. */
    private static final Map<String, String> KINDS = kinds();

    private OtherMethods() {}

    private static Map<String, String> kinds() {
        Map<String, String> kinds = new LinkedHashMap<>();
        kinds.put(".hada_", "LOHA");
        kinds.put(".lokr_", "LOKR");
        kinds.put(".ia3_", "IA3");
        kinds.put(".boft_", "BOFT");
        kinds.put(".oft_", "OFT");
        kinds.put(".vera_lambda_", "VERA");
        kinds.put(".vblora_", "VBLORA");
        kinds.put(".hra_", "HRA");
        kinds.put(".lora_E", "ADALORA");
        return kinds;
    }

    /** Whether a tensor is one of such a kind. */
    static boolean has(String tensor) {
        return KINDS.keySet().stream().anyMatch(tensor::contains);
    }

    /** What is said of a file without settings whose tensors are of such a kind. */
    static Optional<Problem> byNames(Collection<String> tensors, Path file) {
        for (String tensor : tensors) {
            for (Map.Entry<String, String> kind : KINDS.entrySet()) {
                if (tensor.contains(kind.getKey())) {
                    boolean peft = TensorKey.isPeft(tensor);
                    return Optional.of(refused("kind of adapter", kind.getValue(), file, peft));
                }
            }
        }
        return Optional.empty();
    }

    /** What is said of settings of another kind. */
    static Problem bySettings(String type, Path file) {
        return refused("'peft_type'", type, file, true);
    }

    private static Problem refused(String what, String type, Path file, boolean peft) {
        String merge =
                peft
                        ? "merge this one with 'merge_and_unload' in PEFT"
                        : "merge this one with the tool it was trained with";
        return Problem.expected(what, "'LORA'", type.isEmpty() ? "nothing" : "'" + type + "'")
                .at("'" + file + "'")
                .hint(
                        "Amalgam merges only LoRA adapters; "
                                + (PROMPTS.contains(type)
                                        ? "this kind changes no weights"
                                        : merge));
    }
}
