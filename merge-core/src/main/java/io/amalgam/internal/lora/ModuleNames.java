package io.amalgam.internal.lora;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.amalgam.checkpoint.Checkpoint.ModelFacts;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The names in transformers 5's modules of tensors in a model's files. Most files have the modules'
 * names; some architectures were renamed and their files were not. Adapters have the modules'
 * names.
 */
public final class ModuleNames {
    /** A change of names in the files of some architectures; of all where the set is empty. */
    private record Rule(Set<String> types, Pattern from, String to) {
        Rule(Set<String> types, String from, String to) {
            this(types, Pattern.compile(from), to);
        }
    }

    private static final Set<String> LLAVA =
            Set.of(
                    "llava",
                    "llava_next",
                    "llava_next_video",
                    "llava_onevision",
                    "vipllava",
                    "aria",
                    "paligemma",
                    "aya_vision",
                    "got_ocr2",
                    "gemma3",
                    "internvl",
                    "mistral3",
                    "mllama",
                    "pp_chart2table");
    private static final Set<String> QWEN_VL = Set.of("qwen2_vl", "qwen2_5_vl");
    private static final Set<String> MIXTRAL = Set.of("mixtral", "minimax", "minimax_m2", "phimoe");
    private static final Set<String> GRANITE =
            Set.of("granitemoe", "granitemoeshared", "granitemoehybrid");

    private static final Set<String> ARIA = Set.of("aria", "aria_text");
    private static final Set<String> VIT =
            Set.of("vit", "deit", "ijepa", "vit_msn", "vivit", "audio-spectrogram-transformer");
    private static final Set<String> DINO = Set.of("dinov2", "dinov2_with_registers");

    private static final List<Rule> RULES =
            List.of(
                    new Rule(LLAVA, "^language_model\\.lm_head\\.", "lm_head."),
                    new Rule(LLAVA, "^language_model\\.model\\.", "model.language_model."),
                    new Rule(
                            LLAVA,
                            "^(vision_tower|vision_model|multi_modal_projector|image_newline)(?=\\.|$)",
                            "model.$1"),
                    new Rule(QWEN_VL, "^visual\\.", "model.visual."),
                    new Rule(
                            QWEN_VL,
                            "^model\\.(?!language_model\\.|visual\\.)",
                            "model.language_model."),
                    new Rule(MIXTRAL, "\\.block_sparse_moe\\.", ".mlp."),
                    new Rule(Set.of("phimoe"), "\\.mlp\\.gate\\.weight$", ".mlp.router.weight"),
                    new Rule(Set.of("nemotron_h"), "^backbone\\.", "model."),
                    new Rule(
                            GRANITE,
                            "\\.block_sparse_moe\\.input_linear\\.weight$",
                            ".block_sparse_moe.experts.gate_up_proj"),
                    new Rule(
                            GRANITE,
                            "\\.block_sparse_moe\\.output_linear\\.weight$",
                            ".block_sparse_moe.experts.down_proj"),
                    new Rule(
                            GRANITE,
                            "\\.block_sparse_moe\\.router\\.layer\\.weight$",
                            ".block_sparse_moe.router.weight"),
                    new Rule(ARIA, "\\.mlp\\.experts\\.fc1\\.weight$", ".mlp.experts.gate_up_proj"),
                    new Rule(ARIA, "\\.mlp\\.experts\\.fc2\\.weight$", ".mlp.experts.down_proj"),
                    new Rule(
                            Set.of("ernie4_5_moe"),
                            "\\.mlp\\.moe_statics\\.",
                            ".mlp.gate.moe_statics."),
                    new Rule(Set.of("gpt_neox"), "^embed_out\\.", "lm_head."),
                    new Rule(VIT, "\\bencoder\\.layer\\.", "layers."),
                    new Rule(VIT, "\\.attention\\.query\\.", ".q_proj."),
                    new Rule(VIT, "\\.attention\\.key\\.", ".k_proj."),
                    new Rule(VIT, "\\.attention\\.value\\.", ".v_proj."),
                    new Rule(VIT, "\\.attention\\.output\\.dense\\.", ".attention.o_proj."),
                    new Rule(VIT, "\\.intermediate\\.dense\\.", ".mlp.fc1."),
                    new Rule(VIT, "\\.output\\.dense\\.", ".mlp.fc2."),
                    new Rule(DINO, "\\.attention\\.attention\\.query\\.", ".attention.q_proj."),
                    new Rule(DINO, "\\.attention\\.attention\\.key\\.", ".attention.k_proj."),
                    new Rule(DINO, "\\.attention\\.attention\\.value\\.", ".attention.v_proj."),
                    new Rule(DINO, "\\.attention\\.output\\.dense\\.", ".attention.o_proj."),
                    new Rule(DINO, "\\.mlp\\.weights_out\\.", ".mlp.down_proj."),
                    // Files of a model without a head, in a class that has one.
                    new Rule(
                            Set.of("gpt2", "bloom", "gpt_bigcode"),
                            "^(?=(?:h|wte|wpe|ln_f|word_embeddings|word_embeddings_layernorm)\\.)",
                            "transformer."),
                    new Rule(Set.of("opt"), "^(?=decoder\\.)", "model."),
                    new Rule(Set.of(), "\\.LayerNorm\\.gamma$", ".LayerNorm.weight"),
                    new Rule(Set.of(), "\\.LayerNorm\\.beta$", ".LayerNorm.bias"),
                    new Rule(Set.of(), "\\.weight_g$", ".parametrizations.weight.original0"),
                    new Rule(Set.of(), "\\.weight_v$", ".parametrizations.weight.original1"));

    private final List<Rule> rules;

    /**
     * @param config of the model
     */
    public ModuleNames(Optional<ObjectNode> config) {
        String type = ModelFacts.of(config).type();
        boolean bare = Architecture.of(config).map(Architecture::bare).orElse(true);
        this.rules =
                RULES.stream()
                        .filter(rule -> rule.types.isEmpty() || rule.types.contains(type))
                        .filter(rule -> !bare || !rule.from.pattern().startsWith("^(?="))
                        .toList();
    }

    /** A tensor of the files by the modules' name. */
    public String of(String tensor) {
        String name = tensor;
        for (Rule rule : rules) {
            name = rule.from.matcher(name).replaceFirst(rule.to);
        }
        return name;
    }
}
