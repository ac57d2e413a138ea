package io.amalgam.internal.formats.peft;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A parsed tensor name of an adapter.
 *
 * @param module the module it belongs to, or the whole name of a tensor that replaces one
 * @param part what it is of that module
 */
record TensorKey(String module, Part part) {
    /** The tensors a module of an adapter may have. */
    enum Part {
        A,
        B,
        EMBEDDING_A,
        EMBEDDING_B,
        MAGNITUDE,
        B_BIAS,
        ALPHA,
        /** A tensor that replaces the base's. */
        WHOLE,
        /** Trained rows of a tensor, which the module's name is. */
        ROWS,
        /** A copy of what the base has. */
        COPY,
        /** Of a kind that cannot be added to a weight. */
        UNKNOWN
    }

    private record Rule(Pattern pattern, Part part) {
        Rule(String pattern, Part part) {
            this(Pattern.compile(pattern), part);
        }
    }

    /** Adapters saved in a training loop have their name in the tensors' names. */
    private static final String ADAPTER = "(?:\\.[^.]+)?";

    private static final List<Rule> RULES =
            List.of(
                    // PEFT
                    new Rule("(.+)\\.lora_A" + ADAPTER + "\\.weight", Part.A),
                    new Rule("(.+)\\.lora_B" + ADAPTER + "\\.weight", Part.B),
                    new Rule("(.+)\\.lora_B" + ADAPTER + "\\.bias", Part.B_BIAS),
                    new Rule("(.+)\\.lora_embedding_A" + ADAPTER, Part.EMBEDDING_A),
                    new Rule("(.+)\\.lora_embedding_B" + ADAPTER, Part.EMBEDDING_B),
                    new Rule(
                            "(.+)\\.lora_magnitude_vector(?:\\.[^.]+)?(?:\\.weight)?",
                            Part.MAGNITUDE),
                    new Rule("(.+)\\.token_adapter\\.trainable_tokens_delta" + ADAPTER, Part.ROWS),
                    new Rule(
                            "(.+)\\.token_adapter\\.trainable_tokens_original" + ADAPTER,
                            Part.COPY),
                    new Rule("(.+)\\.original_module\\..+", Part.COPY),
                    // kohya, AI-Toolkit
                    new Rule("(.+)\\.lora_down\\.weight", Part.A),
                    new Rule("(.+)\\.lora_up\\.weight", Part.B),
                    new Rule("(.+)\\.alpha", Part.ALPHA),
                    // diffusers
                    new Rule("(.+)\\.lora(?:_linear_layer)?\\.down\\.weight", Part.A),
                    new Rule("(.+)\\.lora(?:_linear_layer)?\\.up\\.weight", Part.B),
                    new Rule("(.+)_lora\\.down\\.weight", Part.A),
                    new Rule("(.+)_lora\\.up\\.weight", Part.B),
                    // Of other methods: LoCon's middle, kohya's DoRA.
                    new Rule(
                            "(.+)\\.(?:lora_mid\\.weight|dora_scale|diff|diff_b"
                                    + "|lora_[^.]+|lora_[^.]+\\.weight)",
                            Part.UNKNOWN));

    private static final String PEFT = "base_model.model.";

    /**
     * Adapters saved in a training loop have their name here, too. Only of modules that are one
     * matrix is a name that is not the usual one told from a module's in it.
     */
    private static final Pattern SAVED =
            Pattern.compile("\\.modules_to_save\\.(?:default\\.|[^.]+\\.(?=(?:weight|bias)$))?");

    static TensorKey of(String name) {
        String bare = name.startsWith(PEFT) ? name.substring(PEFT.length()) : name;
        for (Rule rule : RULES) {
            Matcher matcher = rule.pattern.matcher(bare);
            if (matcher.matches()) {
                return new TensorKey(module(matcher.group(1)), rule.part);
            }
        }
        if (OtherMethods.has(bare)) {
            return new TensorKey(bare, Part.UNKNOWN);
        }
        String whole =
                SAVED.matcher(bare)
                        .replaceFirst(".")
                        .replaceFirst("(\\.token_adapter)?(\\.base_layer)+\\.", ".");
        return new TensorKey(whole, Part.WHOLE);
    }

    /** Attention processors hold the factors of the attention's own matrices. */
    private static String module(String name) {
        String module = name.replaceFirst("\\.processor\\.to_", ".to_").replace(".base_layer", "");
        boolean out = !module.equals(name) && module.endsWith(".to_out");
        return out ? module + ".0" : module;
    }

    /** Whether the name is one PEFT gives, so that there are settings beside the file. */
    static boolean isPeft(String name) {
        return name.startsWith(PEFT);
    }

    /** The name PEFT gives a tensor of a module. */
    static String peft(String module, String part) {
        return PEFT + module + "." + part;
    }

    /** The name PEFT gives a tensor that replaces the base's. */
    static String peftWhole(String tensor) {
        return PEFT + tensor;
    }

    /** A module's other factor. */
    static Optional<Part> other(Part part) {
        return switch (part) {
            case A -> Optional.of(Part.B);
            case B -> Optional.of(Part.A);
            case EMBEDDING_A -> Optional.of(Part.EMBEDDING_B);
            case EMBEDDING_B -> Optional.of(Part.EMBEDDING_A);
            default -> Optional.empty();
        };
    }
}
