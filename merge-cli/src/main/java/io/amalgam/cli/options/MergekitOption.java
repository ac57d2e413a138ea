package io.amalgam.cli.options;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * An option of mergekit-yaml or mergekit-moe that has no meaning here, so that its command lines
 * work as they are. What would change the result if it was ignored is refused.
 */
enum MergekitOption {
    ALLOW_CRIMES(
            "--allow-crimes",
            null,
            "models are compared by their tensors, not by the names of their architectures"),
    LORA_MERGE_CACHE("--lora-merge-cache", "DIR", "nothing is cached"),
    LORA_MERGE_DTYPE(
            "--lora-merge-dtype", "DTYPE", "adapters are applied in float32 and rounded once"),
    CUDA("--cuda", null, "merges run on the processor"),
    DEVICE("--device", "DEVICE", "merges run on the processor"),
    LOW_CPU_MEMORY("--low-cpu-memory", null, "memory is always bounded, see --memory"),
    CLONE_TENSORS("--clone-tensors", null, "tensors are always written apart from each other"),
    TRUST_REMOTE_CODE("--trust-remote-code", null, "code that comes with a model is never run"),
    LAZY_UNPICKLE("--lazy-unpickle", null, "tensors are always read when they are needed"),
    WRITE_MODEL_CARD("--write-model-card", null, "nothing is written"),
    SAFE_SERIALIZATION("--safe-serialization", null, "the output is always safetensors"),
    LOAD_IN_4BIT("--load-in-4bit", null, "gates are computed in float32"),
    LOAD_IN_8BIT("--load-in-8bit", null, "gates are computed in float32"),
    READ_TO_GPU("--read-to-gpu", null, "merges run on the processor"),
    MULTI_GPU("--multi-gpu", null, "merges run on the processor"),
    GPU_RICH("--gpu-rich", null, "merges run on the processor"),
    ASYNC_WRITE("--async-write", null, "writing always goes on beside computing"),
    WRITE_THREADS("--write-threads", "N", "the threads that compute also write, see --num-threads"),
    UNSAFE_TRUNCATE_EMBEDDINGS(
            "--unsafe-truncate-embeddings",
            null,
            "experts must have one vocabulary; merge them with another tokenizer first"),
    COPY_TOKENIZER("--copy-tokenizer", null, "tokenizer files are always copied"),
    NO_COPY_TOKENIZER(
            "--no-copy-tokenizer",
            null,
            "tokenizer files are always copied; delete them from the output"),
    NO_SAFE_SERIALIZATION("--no-safe-serialization", null, "the output is always safetensors");

    private final String flag;
    private final @Nullable String argument;
    private final String reason;

    MergekitOption(String flag, @Nullable String argument, String reason) {
        this.flag = flag;
        this.argument = argument;
        this.reason = reason;
    }

    String flag() {
        return flag;
    }

    /** The argument's label; empty for options that are on or off. */
    Optional<String> argument() {
        return Optional.ofNullable(argument);
    }

    /**
     * Whether the option is for mixtures alone: other merges have none, or have an effect of it.
     */
    boolean ofMixtures() {
        return switch (this) {
            case LOAD_IN_4BIT,
                    LOAD_IN_8BIT,
                    COPY_TOKENIZER,
                    NO_COPY_TOKENIZER,
                    UNSAFE_TRUNCATE_EMBEDDINGS ->
                    true;
            default -> false;
        };
    }

    /** Whether the option can only be refused: not listed among those that have no effect. */
    boolean refused() {
        return switch (this) {
            case UNSAFE_TRUNCATE_EMBEDDINGS, NO_COPY_TOKENIZER, NO_SAFE_SERIALIZATION -> true;
            default -> false;
        };
    }

    /** Whether the command line takes a {@code --no-} form too. */
    boolean negatable() {
        return switch (this) {
            case GPU_RICH, COPY_TOKENIZER, SAFE_SERIALIZATION -> false;
            default -> argument == null && !flag.startsWith("--no-");
        };
    }

    /** Why this value cannot be ignored; empty if it can. */
    Optional<String> refusal(Object value) {
        return refused() && Boolean.TRUE.equals(value)
                ? Optional.of("'" + flag + "' is not supported: " + reason)
                : Optional.empty();
    }

    /**
     * The line that says a value has no effect; empty if what was asked for is what happens anyway.
     */
    Optional<String> remark(Object value) {
        boolean asked =
                switch (this) {
                    case COPY_TOKENIZER, SAFE_SERIALIZATION -> false;
                    case DEVICE -> !"cpu".equals(value);
                    default -> !refused() && !Boolean.FALSE.equals(value);
                };
        return asked ? Optional.of(flag + " has no effect: " + reason) : Optional.empty();
    }
}
