package io.amalgam.internal.formats.gguf;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Names of tensors in Hugging Face models and in GGUF, of one architecture. Immutable. */
public final class GgufNames {
    private static final String LAYER = "#";
    private static final String EXPERT = "*";
    private static final Pattern ENDING = Pattern.compile("(.+)\\.(weight|bias)");
    private static final Pattern NUMBER = Pattern.compile("(?<=\\.)[0-9]+(?=\\.|$)");

    /** Of models that generate text: what all have. */
    private static final String DECODER =
            """
            model.embed_tokens token_embd
            model.norm output_norm
            lm_head output
            model.layers.#.input_layernorm blk.#.attn_norm
            model.layers.#.self_attn.o_proj blk.#.attn_output
            """;

    private static final String ATTENTION =
            """
            model.layers.#.self_attn.q_proj blk.#.attn_q
            model.layers.#.self_attn.k_proj blk.#.attn_k
            model.layers.#.self_attn.v_proj blk.#.attn_v
            """;

    private static final String HEAD_NORMS =
            """
            model.layers.#.self_attn.q_norm blk.#.attn_q_norm
            model.layers.#.self_attn.k_norm blk.#.attn_k_norm
            """;

    private static final String FEED_FORWARD =
            """
            model.layers.#.mlp.gate_proj blk.#.ffn_gate
            model.layers.#.mlp.up_proj blk.#.ffn_up
            model.layers.#.mlp.down_proj blk.#.ffn_down
            """;

    private static final String EXPERTS =
            """
            model.layers.#.block_sparse_moe.gate blk.#.ffn_gate_inp
            model.layers.#.block_sparse_moe.experts.*.w1 blk.#.ffn_gate_exps
            model.layers.#.block_sparse_moe.experts.*.w2 blk.#.ffn_down_exps
            model.layers.#.block_sparse_moe.experts.*.w3 blk.#.ffn_up_exps
            """;

    /** Of Phi-3, which keeps queries, keys and values together, and gates with what they gate. */
    private static final String TOGETHER =
            """
            model.layers.#.self_attn.qkv_proj blk.#.attn_qkv
            model.layers.#.mlp.gate_up_proj blk.#.ffn_up
            model.layers.#.mlp.down_proj blk.#.ffn_down
            """;

    private static final String ORDINARY_NORMS =
            """
            model.layers.#.post_attention_layernorm blk.#.ffn_norm
            """;

    private static final String GEMMA_NORMS =
            """
            model.layers.#.post_attention_layernorm blk.#.post_attention_norm
            model.layers.#.pre_feedforward_layernorm blk.#.ffn_norm
            model.layers.#.post_feedforward_layernorm blk.#.post_ffw_norm
            """;

    private static final String EMBEDDINGS =
            """
            embeddings.word_embeddings token_embd
            embeddings.position_embeddings position_embd
            embeddings.token_type_embeddings token_types
            embeddings.LayerNorm token_embd_norm
            """;

    private static final String BERT =
            """
            encoder.layer.#.attention.self.query blk.#.attn_q
            encoder.layer.#.attention.self.key blk.#.attn_k
            encoder.layer.#.attention.self.value blk.#.attn_v
            encoder.layer.#.attention.output.dense blk.#.attn_output
            encoder.layer.#.attention.output.LayerNorm blk.#.attn_output_norm
            encoder.layer.#.intermediate.dense blk.#.ffn_up
            encoder.layer.#.output.dense blk.#.ffn_down
            encoder.layer.#.output.LayerNorm blk.#.layer_output_norm
            """;

    private static final String DISTILBERT =
            """
            transformer.layer.#.attention.q_lin blk.#.attn_q
            transformer.layer.#.attention.k_lin blk.#.attn_k
            transformer.layer.#.attention.v_lin blk.#.attn_v
            transformer.layer.#.attention.out_lin blk.#.attn_output
            transformer.layer.#.sa_layer_norm blk.#.attn_output_norm
            transformer.layer.#.ffn.lin1 blk.#.ffn_up
            transformer.layer.#.ffn.lin2 blk.#.ffn_down
            transformer.layer.#.output_layer_norm blk.#.layer_output_norm
            """;

    /** What is computed from the configuration, or belongs to the training. */
    private static final Pattern DROPPED_HERE =
            Pattern.compile(
                    ".*\\.rotary_emb\\.inv_freq|.*\\.attention\\.masked_bias|.*\\.attn\\.bias"
                            + "|(.*\\.)?embeddings\\.position_ids");

    /** Heads of encoders, which GGUF has no place for. */
    private static final Pattern ENCODER_HEADS =
            Pattern.compile(
                    "(pooler|cls|lm_head|classifier|pre_classifier|qa_outputs|vocab_\\w+)\\..+");

    /** What a converter makes of the configuration. */
    private static final Pattern MADE =
            Pattern.compile("rope_(freqs|factors_(long|short))\\.weight");

    private final GgufArchitecture architecture;
    private final Map<String, String> toGguf = new LinkedHashMap<>();
    private final Map<String, String> toHuggingFace = new LinkedHashMap<>();

    /**
     * A tensor of the other format.
     *
     * @param expert which of those that are stacked in one tensor; negative where none are
     */
    public record Name(String name, ValueChange change, int expert) {}

    private GgufNames(GgufArchitecture architecture, String... tables) {
        this.architecture = architecture;
        for (String table : tables) {
            for (String line : table.strip().split("\n", -1)) {
                String[] pair = line.split(" ", -1);
                toGguf.put(pair[0], pair[1]);
                toHuggingFace.put(pair[1], pair[0]);
            }
        }
    }

    /** The names of an architecture. */
    public static GgufNames of(GgufArchitecture architecture) {
        GgufArchitecture a = architecture;
        return switch (architecture) {
            case LLAMA, MISTRAL, QWEN2 ->
                    new GgufNames(a, DECODER, ATTENTION, FEED_FORWARD, ORDINARY_NORMS);
            case QWEN3 ->
                    new GgufNames(a, DECODER, ATTENTION, HEAD_NORMS, FEED_FORWARD, ORDINARY_NORMS);
            case MIXTRAL -> new GgufNames(a, DECODER, ATTENTION, EXPERTS, ORDINARY_NORMS);
            case PHI3 -> new GgufNames(a, DECODER, TOGETHER, ORDINARY_NORMS);
            case GEMMA2 -> new GgufNames(a, DECODER, ATTENTION, FEED_FORWARD, GEMMA_NORMS);
            case GEMMA3 ->
                    new GgufNames(a, DECODER, ATTENTION, HEAD_NORMS, FEED_FORWARD, GEMMA_NORMS);
            case BERT, ROBERTA -> new GgufNames(a, EMBEDDINGS, BERT);
            case DISTILBERT -> new GgufNames(a, EMBEDDINGS, DISTILBERT);
        };
    }

    /** The GGUF tensor that a tensor of a Hugging Face model becomes, or a part of. */
    public Optional<Name> toGguf(String huggingFace) {
        return translate(plain(huggingFace), toGguf);
    }

    /** Whether a tensor of a Hugging Face model has no place in GGUF and is not missed there. */
    public boolean droppedByGguf(String huggingFace) {
        return DROPPED_HERE.matcher(huggingFace).matches()
                || (architecture.encoder() && ENCODER_HEADS.matcher(plain(huggingFace)).matches());
    }

    /**
     * The tensors of a Hugging Face model that are in a GGUF tensor: one, or one for each expert.
     *
     * @param experts how many the model has
     * @return empty if the name is unknown
     */
    public List<Name> toHuggingFace(String gguf, int experts) {
        List<Name> names = new ArrayList<>();
        for (int expert = 0; expert < Math.max(1, experts); expert++) {
            Optional<Name> name = translate(gguf, toHuggingFace);
            if (name.isEmpty()) {
                return List.of();
            }
            String text = name.get().name();
            if (!text.contains(EXPERT)) {
                return List.of(name.get());
            }
            String one = text.replace(EXPERT, Integer.toString(expert));
            names.add(new Name(one, name.get().change(), expert));
        }
        return names;
    }

    /** Whether a GGUF tensor was made from the configuration and is none of the model's. */
    public static boolean madeByConverter(String gguf) {
        return MADE.matcher(gguf).matches();
    }

    private Optional<Name> translate(String name, Map<String, String> table) {
        Matcher ending = ENDING.matcher(name);
        if (!ending.matches()) {
            return Optional.empty();
        }
        List<String> numbers = new ArrayList<>();
        Matcher number = NUMBER.matcher(ending.group(1));
        while (number.find()) {
            numbers.add(number.group());
        }
        String template = NUMBER.matcher(ending.group(1)).replaceFirst(LAYER);
        template = NUMBER.matcher(template).replaceFirst(Matcher.quoteReplacement(EXPERT));
        String other = table.get(template);
        if (other == null) {
            return Optional.empty();
        }
        String translated =
                (numbers.isEmpty() ? other : other.replace(LAYER, numbers.get(0)))
                        + "."
                        + ending.group(2);
        int expert = numbers.size() > 1 ? Integer.parseInt(numbers.get(1)) : -1;
        String gguf = table == toGguf ? translated : name;
        return Optional.of(new Name(translated, change(gguf), expert));
    }

    /** What happens to the values of a tensor, by its name in GGUF. */
    private ValueChange change(String gguf) {
        if (architecture.rotaryPairs() && gguf.matches("blk\\.\\d+\\.attn_q\\..+")) {
            return ValueChange.QUERY_ROWS;
        }
        if (architecture.rotaryPairs() && gguf.matches("blk\\.\\d+\\.attn_k\\..+")) {
            return ValueChange.KEY_ROWS;
        }
        if (architecture.shiftedNorms() && gguf.endsWith("_norm.weight")) {
            return ValueChange.PLUS_ONE;
        }
        return architecture == GgufArchitecture.ROBERTA && gguf.equals("position_embd.weight")
                ? ValueChange.WITHOUT_PADDING_ROWS
                : ValueChange.NONE;
    }

    /**
     * The name as the table has it: some files leave the model's own prefix out, others have it.
     */
    private String plain(String name) {
        if (architecture.encoder()) {
            String prefix = architecture.modelType() + ".";
            return name.startsWith(prefix) ? name.substring(prefix.length()) : name;
        }
        boolean bare =
                name.startsWith("layers.")
                        || name.startsWith("embed_tokens.")
                        || name.startsWith("norm.");
        return bare ? "model." + name : name;
    }
}
