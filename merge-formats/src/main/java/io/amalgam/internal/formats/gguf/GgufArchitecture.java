package io.amalgam.internal.formats.gguf;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The architectures whose models are stored in GGUF and read from it. Elsewhere layers are found by
 * tensor names; GGUF has names, keys and values of its own for each architecture, so there is no
 * way without a table.
 */
public enum GgufArchitecture {
    LLAMA("llama", "llama", "LlamaForCausalLM"),
    MISTRAL("llama", "mistral", "MistralForCausalLM"),
    MIXTRAL("llama", "mixtral", "MixtralForCausalLM"),
    QWEN2("qwen2", "qwen2", "Qwen2ForCausalLM"),
    QWEN3("qwen3", "qwen3", "Qwen3ForCausalLM"),
    GEMMA2("gemma2", "gemma2", "Gemma2ForCausalLM"),
    GEMMA3("gemma3", "gemma3_text", "Gemma3ForCausalLM"),
    PHI3("phi3", "phi3", "Phi3ForCausalLM"),
    BERT("bert", "bert", "BertModel"),
    ROBERTA("bert", "roberta", "RobertaModel"),
    DISTILBERT("bert", "distilbert", "DistilBertModel");

    private final String gguf;
    private final String modelType;
    private final String modelClass;

    GgufArchitecture(String gguf, String modelType, String modelClass) {
        this.gguf = gguf;
        this.modelType = modelType;
        this.modelClass = modelClass;
    }

    /** What llama.cpp calls it: the beginning of its keys. Several share one. */
    public String gguf() {
        return gguf;
    }

    /** {@code model_type} of config.json. */
    public String modelType() {
        return modelType;
    }

    /** What stands in {@code architectures} of config.json. */
    public String modelClass() {
        return modelClass;
    }

    /** Whether models read text in both directions and have no output head. */
    public boolean encoder() {
        return gguf.equals("bert");
    }

    /** Whether rows of queries and keys are ordered by rotary pairs in GGUF. */
    public boolean rotaryPairs() {
        return gguf.equals("llama");
    }

    /** Whether weights of norms have 1 added in GGUF. */
    public boolean shiftedNorms() {
        return this == GEMMA2 || this == GEMMA3;
    }

    /** By {@code model_type} of config.json. */
    public static Optional<GgufArchitecture> ofModelType(String modelType) {
        return Arrays.stream(values()).filter(a -> a.modelType.equals(modelType)).findFirst();
    }

    /**
     * Of a file.
     *
     * @param architecture its {@code general.architecture}
     * @param experts whether its layers have several experts
     * @param tokenTypes whether it has embeddings of token types
     * @param tokenizer its {@code tokenizer.ggml.model}; empty if it has none
     */
    public static Optional<GgufArchitecture> ofFile(
            String architecture, boolean experts, boolean tokenTypes, String tokenizer) {
        return switch (architecture) {
            case "llama" -> Optional.of(experts ? MIXTRAL : LLAMA);
            case "bert" -> {
                boolean roberta = tokenizer.equals("gpt2") || tokenizer.equals("t5");
                yield Optional.of(roberta ? ROBERTA : tokenTypes ? BERT : DISTILBERT);
            }
            default -> Arrays.stream(values()).filter(a -> a.gguf.equals(architecture)).findFirst();
        };
    }

    /** The names of config.json, for messages. */
    public static String known() {
        return Arrays.stream(values()).map(a -> a.modelType).collect(Collectors.joining(", "));
    }

    /** The names of files, for messages. */
    public static String knownFiles() {
        List<String> names = Arrays.stream(values()).map(a -> a.gguf).distinct().toList();
        return String.join(", ", names);
    }
}
